#include <sys/mman.h>
int f(void);
        int f(void) {
        #ifndef mincore
        (void)mincore;
        #endif
        return 0; }
