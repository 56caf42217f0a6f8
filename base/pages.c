/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pages.h"

#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Never one that may be written: what the linker has written there is in no file. */
static int
let_go(struct dl_phdr_info *object, size_t size, void *page_bytes)
{
	uintptr_t page = *(const uintptr_t *)page_bytes;

	(void)size;
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		uintptr_t start = object->dlpi_addr + part->p_vaddr;

		if (part->p_type == PT_LOAD && (part->p_flags & PF_W) == 0)
			(void)madvise((void *)(start & ~(page - 1)),
			    part->p_memsz + (start & (page - 1)), MADV_DONTNEED);
	}
	return 0;
}

void
pages_let_go(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)dl_iterate_phdr(let_go, &page);
}
