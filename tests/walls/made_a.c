// SPDX-License-Identifier: MIT
// With made_b.c a circle that circles_test must find; made_c.c is not in it.
void made_a(void);
void made_b(void);
void made_c(void);

void made_a(void)
{
	made_b();
	made_c();
}
