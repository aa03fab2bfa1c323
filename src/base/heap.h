/*
 * How the C library's heap is shared by the threads of a program.
 *
 * glibc gives threads that allocate at the same time arenas of their own, up to eight for each
 * core, and what one has freed no other can use: a server whose cameras come and go grows until
 * all are full of holes. Threads here allocate little while they work, so that an arena for each
 * core is enough.
 *
 * This is the program's to say, not the library's, whose process is somebody else's.
 *
 * Threads: before the first is started. Memory: none.
 */
#pragma once

void heap_share(void);
