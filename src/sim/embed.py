#!/usr/bin/env python3
"""Turns a text file into a C array: embed.py INPUT OUTPUT NAME."""
import sys

data = open(sys.argv[1], 'rb').read()
with open(sys.argv[2], 'w') as out:
    out.write('#include "sim/builtin.h"\n\nconst char %s[] = {\n' % sys.argv[3])
    for i in range(0, len(data), 16):
        out.write(' '.join('%d,' % b for b in data[i:i + 16]) + '\n')
    out.write('};\nconst size_t %s_size = sizeof(%s);\n' % (sys.argv[3], sys.argv[3]))
