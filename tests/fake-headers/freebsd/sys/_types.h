/* SPDX-License-Identifier: MIT */
/* gcc's stddef.h includes it, and has the types itself. */
