/* SPDX-License-Identifier: MIT */
#ifndef FAKE_SYS_DKIO_H
#define FAKE_SYS_DKIO_H

#include <sys/types.h>

#define DKIOC (0x04 << 8)
#define DKIOCGMEDIAINFO (DKIOC | 42)

struct dk_minfo {
    uint_t dki_media_type;
    uint_t dki_lbsize;
    diskaddr_t dki_capacity;
};

#endif
