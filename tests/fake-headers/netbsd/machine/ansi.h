/* SPDX-License-Identifier: MIT */
/* gcc's stddef.h includes it, and leaves out the types that it does not name. */
#ifndef FAKE_MACHINE_ANSI_H
#define FAKE_MACHINE_ANSI_H

#define _BSD_SIZE_T_ __SIZE_TYPE__
#define _BSD_PTRDIFF_T_ __PTRDIFF_TYPE__
#define _BSD_WCHAR_T_ __WCHAR_TYPE__

#endif
