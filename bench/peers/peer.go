// SPDX-License-Identifier: MIT

// The system calls that Go's mapping packages make: fstat, mmap, munmap,
// mincore into a slice with a byte for each page.  See peer.h for what is
// asked and answered; this one also knows "vector PATH 1" and "count PATH 1".
package main

import (
	"bufio"
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"
)

func mapFile(fd int) (uintptr, uintptr, error) {
	var st syscall.Stat_t

	if err := syscall.Fstat(fd, &st); err != nil {
		return 0, 0, err
	}
	addr, _, e := syscall.Syscall6(syscall.SYS_MMAP, 0, uintptr(st.Size),
		syscall.PROT_READ, syscall.MAP_SHARED, uintptr(fd), 0)
	if e != 0 {
		return 0, 0, e
	}
	return addr, uintptr(st.Size), nil
}

func unmap(addr, size uintptr) error {
	if _, _, e := syscall.Syscall(syscall.SYS_MUNMAP, addr, size, 0); e != 0 {
		return e
	}
	return nil
}

func mapAndUnmap(fd int) (uint64, error) {
	addr, size, err := mapFile(fd)
	if err != nil {
		return 0, err
	}
	return 0, unmap(addr, size)
}

func vector(fd int) ([]byte, error) {
	addr, size, err := mapFile(fd)
	if err != nil {
		return nil, err
	}
	defer unmap(addr, size)
	page := uintptr(os.Getpagesize())
	vec := make([]byte, (size+page-1)/page)
	_, _, e := syscall.Syscall(syscall.SYS_MINCORE, addr, size,
		uintptr(unsafe.Pointer(&vec[0])))
	if e != 0 {
		return nil, e
	}
	return vec, nil
}

func makeVector(fd int) (uint64, error) {
	vec, err := vector(fd)
	return uint64(len(vec)), err
}

func count(fd int) (uint64, error) {
	vec, err := vector(fd)
	n := uint64(0)
	for _, b := range vec {
		n += uint64(b & 1)
	}
	return n, err
}

func cpuTime() int64 {
	var u syscall.Rusage

	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u.Utime.Nano() + u.Stime.Nano()
}

func measure(path string, loops int, do func(int) (uint64, error)) string {
	f, err := os.Open(path)
	if err != nil {
		return "?"
	}
	defer f.Close()
	fd := int(f.Fd())
	found := uint64(0)
	for i := 0; i < loops/4; i++ {
		do(fd)
	}
	cpu := cpuTime()
	began := time.Now()
	for i := 0; i < loops; i++ {
		if found, err = do(fd); err != nil {
			return "?"
		}
	}
	wall := time.Since(began).Nanoseconds()
	cpu = cpuTime() - cpu
	return fmt.Sprintf("%g %g %d", float64(wall)/float64(loops),
		float64(cpu)/float64(loops), found)
}

func main() {
	jobs := map[string]func(int) (uint64, error){
		"map":    mapAndUnmap,
		"vector": makeVector,
		"count":  count,
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var command, path string
		var loops int

		fmt.Sscan(in.Text(), &command, &path, &loops)
		do, known := jobs[command]
		if !known {
			fmt.Println("?")
			continue
		}
		fmt.Println(measure(path, loops, do))
	}
}
