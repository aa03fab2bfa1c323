/*
 * An ONNX file that takes pictures of one size only, as the same network with its size left open.
 *
 * Exporters write the size of the picture they were run with into the file. A network of
 * convolutions computes on any other just as well: what is dropped here is what the file says of
 * sizes, the declared ones of its picture, its outputs and everything between. Where a size is also
 * among the network's constants (anchors, grids), ONNX Runtime refuses what comes out or fails to
 * run it, so whoever uses it tries it first.
 *
 * The file is read as protocol buffers (onnx.proto of ONNX 1.7 and later) no further than needed;
 * all else is copied as it is.
 *
 * Threads: any. Memory: the copy.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * 0 and a copy to free(); -ENOENT where no input is a picture of fixed size, [n, 3, height, width]
 * from 32 pixels a side; -EINVAL where it is not an ONNX file, -ENOMEM.
 */
int model_size_open(const uint8_t *bytes, size_t size, uint8_t **ret_bytes, size_t *ret_size);
/* The same of a file; also the negative errno of what keeps it from being read. */
int model_size_open_file(const char *path, uint8_t **ret_bytes, size_t *ret_size);
