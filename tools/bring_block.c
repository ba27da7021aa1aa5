/* SPDX-License-Identifier: MIT */
/*
 * Bringing in a block of which single pages are wanted.
 *
 * A disk fills one large piece of memory sooner than many single pages.  So the
 * block is brought in as one huge page, where the file system has such, and
 * then that is split, so that the pages which are not wanted can go.  Linux
 * splits it when a part of it is reclaimed from a mapping, and leaves it at
 * that; a single page goes at once.
 */
#include "tool.h"
#include "bring_block.h"
#include "libmmapx.h"
#include "threads.h"

#include <sys/mman.h>

bool
bring_block_is_fresh(const struct tool_file *file, int64_t off)
{
    struct mmapx_cache c;

    return file->is_dense && mmapx_page_size(NULL) == 4096
           && file->size >= BRING_BLOCK && off <= file->size - BRING_BLOCK
           && mmapx_cache_stat(file->fd, off, BRING_BLOCK, &c) == 0
           && c.cached == 0;
}

/* Nothing but the block is to come in, for which RANDOM is: with it, a fault
 * reads a huge page, and without it two. */
static void
bring_in(struct bring_block *block, const struct mmapx *m)
{
    size_t gap = (size_t)(block->gap - block->off);
    size_t page = mmapx_page_size(NULL);
    unsigned char there = 0;
    struct mmapx_run run;
    char byte;

    if (mmapx_advise(m, 0, MMAPX_TO_END, MMAPX_MADV_HUGEPAGE) < 0
        || mmapx_advise(m, 0, MMAPX_TO_END, MMAPX_MADV_RANDOM) < 0
        || mmapx_read(m, gap, &byte, 1) != 1
        || mmapx_resident_run(m, 0, &run) < 0)
        return;
    block->is_whole = run.resident != 0 && run.len == m->len;
    if (block->is_whole && mmapx_advise(m, gap, page, MMAPX_MADV_PAGEOUT) == 0
        && mmapx_residency(m, gap, page, &there, 1) == 0)
        block->was_huge = there != 0;
}

static void *
run(void *arg)
{
    struct bring_block *block = arg;
    struct mmapx m;

    if (mmapx_map_region(&m, block->fd, block->off, BRING_BLOCK, PROT_READ,
                         MAP_SHARED)
        == 0) {
        bring_in(block, &m);
        mmapx_unmap(&m);
    }
    return NULL;
}

bool
bring_block_begin(struct bring_block *block, const struct tool_file *file,
                  int64_t off, int64_t gap)
{
    block->fd = file->fd;
    block->off = off;
    block->gap = gap;
    block->is_whole = block->was_huge = false;
    block->is_begun = threads_start(&block->thread, run, block);
    return block->is_begun;
}

bool
bring_block_end(struct bring_block *block)
{
    if (!block->is_begun)
        return false;
    pthread_join(block->thread, NULL);
    block->is_begun = false;
    return block->is_whole;
}

bool
bring_block_is_split(const struct bring_block *block, int64_t bytes, size_t n)
{
    int64_t page = (int64_t)mmapx_page_size(NULL);
    struct mmapx_cache c;

    return mmapx_cache_stat(block->fd, block->off, BRING_BLOCK, &c) == 0
           && (int64_t)c.cached * page
                  <= bytes + page * (int64_t)n + BRING_BLOCK / 16;
}
