#include <stdio.h>

int main(void)
{
	puts("gantry " GANTRY_VERSION);
	return 0;
}
