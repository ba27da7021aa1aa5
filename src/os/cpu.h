/* SPDX-License-Identifier: MIT */
/*
 * What a jump out of a signal handler does not restore: the control and status
 * registers of the floating-point unit, and the rights that protection keys
 * give.  x86 and POWER enter a handler with defaults, so the values before the
 * jump have to be noted; elsewhere the code that is jumped over may have set
 * them.
 *
 * Known are x86, Arm, RISC-V, POWER, s390, MIPS and LoongArch, and the keys of
 * x86.  On other machines, and for other keys, nothing is restored.
 */
#ifndef MMAPX_OS_CPU_H
#define MMAPX_OS_CPU_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What only the running machine knows, found by mmapx_os_cpu_probe(). */
enum { MMAPX_OS_CPU_SSE = 1, MMAPX_OS_CPU_KEYS = 2 };
extern unsigned mmapx_os_cpu_has;
void mmapx_os_cpu_probe(void);

#if defined __i386__ || defined __x86_64__

struct mmapx_os_cpu {
    uint32_t mxcsr;
    uint16_t x87_control;
    uint16_t x87_status;
    uint32_t keys; /* PKRU */
};

#ifdef __SSE__
#define MMAPX_OS_CPU_HAS_SSE 1
#else
#define MMAPX_OS_CPU_HAS_SSE ((mmapx_os_cpu_has & MMAPX_OS_CPU_SSE) != 0)
#endif

/* GCOVR_EXCL_START: few machines have protection keys. */
static inline void
mmapx_os_cpu_read_keys(struct mmapx_os_cpu *cpu)
{
    uint32_t high;

    __asm__ volatile(".byte 0x0f, 0x01, 0xee" /* rdpkru */
                     : "=a"(cpu->keys), "=d"(high)
                     : "c"(0));
}

static inline void
mmapx_os_cpu_write_keys(const struct mmapx_os_cpu *cpu)
{
    __asm__ volatile(".byte 0x0f, 0x01, 0xef" /* wrpkru */
                     : : "a"(cpu->keys), "c"(0), "d"(0) : "memory");
}
/* GCOVR_EXCL_STOP */

static inline void
mmapx_os_cpu_save_keys(struct mmapx_os_cpu *cpu)
{
    if ((mmapx_os_cpu_has & MMAPX_OS_CPU_KEYS) != 0)
        mmapx_os_cpu_read_keys(cpu); /* GCOVR_EXCL_LINE */
}

static inline void
mmapx_os_cpu_save(struct mmapx_os_cpu *cpu)
{
    if (MMAPX_OS_CPU_HAS_SSE)
        __asm__ volatile("stmxcsr %0" : "=m"(cpu->mxcsr));
    __asm__ volatile("fnstcw %0" : "=m"(cpu->x87_control));
    __asm__ volatile("fnstsw %0" : "=m"(cpu->x87_status));
    mmapx_os_cpu_save_keys(cpu);
}

static inline void
mmapx_os_cpu_restore(const struct mmapx_os_cpu *cpu)
{
    /* The environment of the x87, as fldenv takes it: control, status, the
     * tags that say that its registers are empty. */
    uint32_t x87[7];

    __asm__ volatile("fnstenv %0" : "=m"(x87));
    x87[0] = (x87[0] & 0xffff0000) | cpu->x87_control;
    x87[1] = (x87[1] & 0xffff0000) | (cpu->x87_status & 0x7fu);
    x87[2] = x87[2] | 0xffff;
    __asm__ volatile("fldenv %0" : : "m"(x87));
    if (MMAPX_OS_CPU_HAS_SSE)
        __asm__ volatile("ldmxcsr %0" : : "m"(cpu->mxcsr));
    if ((mmapx_os_cpu_has & MMAPX_OS_CPU_KEYS) != 0)
        mmapx_os_cpu_write_keys(cpu); /* GCOVR_EXCL_LINE */
}

#elif (defined __aarch64__ || defined __riscv_flen || defined __powerpc__     \
       || (defined __arm__ && defined __ARM_FP) || defined __s390__           \
       || defined __mips_hard_float || defined __loongarch_hard_float)

struct mmapx_os_cpu {
    uint64_t control;
    uint64_t status; /* where it has a register of its own */
};

static inline void
mmapx_os_cpu_save(struct mmapx_os_cpu *cpu)
{
#if defined __aarch64__
    __asm__ volatile("mrs %0, fpcr" : "=r"(cpu->control));
    __asm__ volatile("mrs %0, fpsr" : "=r"(cpu->status));
#elif defined __powerpc__
    double fpscr;

    __asm__ volatile("mffs %0" : "=f"(fpscr));
    memcpy(&cpu->control, &fpscr, sizeof fpscr);
#else
    unsigned long control = 0;

#if defined __riscv_flen
    __asm__ volatile("frcsr %0" : "=r"(control));
#elif defined __arm__
    __asm__ volatile("vmrs %0, fpscr" : "=r"(control));
#elif defined __s390__
    __asm__ volatile("efpc %0" : "=r"(control));
#elif defined __mips_hard_float
    __asm__ volatile("cfc1 %0, $31" : "=r"(control));
#elif defined __loongarch_hard_float
    __asm__ volatile("movfcsr2gr %0, $r0" : "=r"(control));
#endif
    cpu->control = control;
#endif
}

static inline void
mmapx_os_cpu_restore(const struct mmapx_os_cpu *cpu)
{
#if defined __aarch64__
    __asm__ volatile("msr fpcr, %0" : : "r"(cpu->control));
    __asm__ volatile("msr fpsr, %0" : : "r"(cpu->status));
#elif defined __powerpc__
    double fpscr;

    memcpy(&fpscr, &cpu->control, sizeof fpscr);
    __asm__ volatile("mtfsf 255, %0" : : "f"(fpscr));
#else
    unsigned long control = (unsigned long)cpu->control;

#if defined __riscv_flen
    __asm__ volatile("fscsr %0" : : "r"(control));
#elif defined __arm__
    __asm__ volatile("vmsr fpscr, %0" : : "r"(control));
#elif defined __s390__
    __asm__ volatile("sfpc %0" : : "r"(control));
#elif defined __mips_hard_float
    __asm__ volatile("ctc1 %0, $31" : : "r"(control));
#elif defined __loongarch_hard_float
    __asm__ volatile("movgr2fcsr $r0, %0" : : "r"(control));
#endif
#endif
}

#else

struct mmapx_os_cpu {
    char none;
};

static inline void
mmapx_os_cpu_save(struct mmapx_os_cpu *cpu)
{
    (void)cpu;
}

static inline void
mmapx_os_cpu_restore(const struct mmapx_os_cpu *cpu)
{
    (void)cpu;
}

#endif

/*
 * For a copy, which changes none of these itself: what it had is in the
 * context of the fault, so that nothing has to be read beforehand.  Where the
 * context is not known it is read all the same.
 */
static inline void
mmapx_os_cpu_save_for_copy(struct mmapx_os_cpu *cpu)
{
#if defined __linux__ && defined __x86_64__
    mmapx_os_cpu_save_keys(cpu);
#else
    mmapx_os_cpu_save(cpu);
#endif
}

static inline void
mmapx_os_cpu_complete(struct mmapx_os_cpu *cpu, const void *handed)
{
#if defined __linux__ && defined __x86_64__
    const ucontext_t *context = handed;
    uint32_t keys = cpu->keys;

    /* An emulator may leave the registers out: all exceptions unmasked. */
    if (context != NULL && context->uc_mcontext.fpregs != NULL
        && context->uc_mcontext.fpregs->cwd != 0) {
        cpu->mxcsr = context->uc_mcontext.fpregs->mxcsr;
        cpu->x87_control = context->uc_mcontext.fpregs->cwd;
        cpu->x87_status = context->uc_mcontext.fpregs->swd;
    } else {
        mmapx_os_cpu_save(cpu);
        cpu->keys = keys;
    }
#else
    (void)cpu;
    (void)handed;
#endif
}

#endif /* MMAPX_OS_CPU_H */
