#!/usr/bin/env python3
"""Turns text files into the table of serve/dashboard.h: embed_files.py OUTPUT.c FILE..."""
import os
import sys

with open(sys.argv[1], 'w') as out:
    out.write('#include "serve/dashboard.h"\n')
    for n, path in enumerate(sys.argv[2:]):
        data = open(path, 'rb').read()
        out.write('\nstatic const char text_%d[] = {\n' % n)
        for i in range(0, len(data), 16):
            out.write(' '.join('(char)%d,' % b for b in data[i:i + 16]) + '\n')
        out.write('};\n')
    out.write('\nconst struct dashboard_file dashboard_files[] = {\n')
    for n, path in enumerate(sys.argv[2:]):
        out.write('\t{"%s", text_%d, sizeof(text_%d)},\n' % (os.path.basename(path), n, n))
    out.write('};\nconst int dashboard_file_count = %d;\n' % (len(sys.argv) - 2))
