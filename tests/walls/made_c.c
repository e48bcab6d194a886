// SPDX-License-Identifier: MIT
void made_c(void);

void made_c(void)
{
}
