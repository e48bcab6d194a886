// SPDX-License-Identifier: MIT
void made_a(void);
void made_b(void);

void made_b(void)
{
	made_a();
}
