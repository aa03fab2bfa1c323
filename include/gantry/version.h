/* Which Gantry this is. */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define GANTRY_API __attribute__((visibility("default")))
#else
#define GANTRY_API
#endif

/* "0.1.0", of the library that runs, which may be newer than these headers. Static string. */
GANTRY_API const char *gantry_version(void);

#ifdef __cplusplus
}
#endif
