/* SPDX-License-Identifier: MIT */
/* The seam's calls that the fake stands before, under the names that leaves
 * them.  The compiler includes this before each of the seam's own sources. */
#ifndef MMAPX_TESTS_REAL_OS_H
#define MMAPX_TESTS_REAL_OS_H

#define mmapx_os_stat          real_os_stat
#define mmapx_os_open          real_os_open
#define mmapx_os_mmap          real_os_mmap
#define mmapx_os_munmap        real_os_munmap
#define mmapx_os_mprotect      real_os_mprotect
#define mmapx_os_msync         real_os_msync
#define mmapx_os_mlock         real_os_mlock
#define mmapx_os_mlock_onfault real_os_mlock_onfault
#define mmapx_os_munlock       real_os_munlock
#define mmapx_os_locked_bytes        real_os_locked_bytes
#define mmapx_os_lock_limit    real_os_lock_limit
#define mmapx_os_mincore       real_os_mincore
#define mmapx_os_madvise       real_os_madvise
#define mmapx_os_madvise_batch real_os_madvise_batch
#define mmapx_os_readahead     real_os_readahead
#define mmapx_os_anon_page_size     real_os_anon_page_size
#define mmapx_os_device_size   real_os_device_size
#define mmapx_os_flush         real_os_flush
#define mmapx_os_mremap         real_os_mremap
#define mmapx_os_mremap_to           real_os_mremap_to
#define mmapx_os_set_size       real_os_set_size
#define mmapx_os_allocate       real_os_allocate
#define mmapx_os_clear_tail     real_os_clear_tail
#define mmapx_os_file_limit     real_os_file_limit
#define mmapx_os_memfd          real_os_memfd
#define mmapx_os_seal_shrink    real_os_seal_shrink
#define mmapx_os_advice        real_os_advice
#define mmapx_os_advice_known  real_os_advice_known
#define mmapx_os_may_see_residency      real_os_may_see_residency
#define mmapx_os_is_told       real_os_is_told
#define mmapx_os_has_own_cache real_os_has_own_cache
#define mmapx_os_cachestat     real_os_cachestat
#define mmapx_os_read_and_discard       real_os_read_and_discard
#define mmapx_os_bypasses_cache real_os_bypasses_cache
#define mmapx_os_evict         real_os_evict
#define mmapx_os_unmap_file    real_os_unmap_file
#define mmapx_os_clock         real_os_clock
#define mmapx_os_extend_with_zeros        real_os_extend_with_zeros
#define mmapx_os_touch_open  real_os_touch_open
#define mmapx_os_touch         real_os_touch
#define mmapx_os_next_unmapped      real_os_next_unmapped
#define mmapx_os_cpu_time      real_os_cpu_time

#define mmapx_os_anonymous      real_os_anonymous
#define mmapx_os_protection    real_os_protection
#define mmapx_os_map_zeros     real_os_map_zeros

#endif /* MMAPX_TESTS_REAL_OS_H */
