/*
 * The built-in font: capitals and digits 5 wide and 7 high, with an eighth row for descenders;
 * cells of 6 x 8. Our own drawing, kept as pictures that can be read in font.c.
 */
#pragma once

#define FONT_WIDTH 5
#define FONT_HEIGHT 8
#define FONT_CELL_WIDTH 6
#define FONT_CELL_HEIGHT 8

/*
 * The rows of one character, each FONT_WIDTH characters of '#' and ' '. Takes the first character
 * of UTF-8 `text` and says in `ret_bytes` how long it is; what the font lacks is a hollow box.
 */
const char *const *font_glyph(const char *text, int *ret_bytes);
