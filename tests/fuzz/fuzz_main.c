/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Replays files and directories of them through a fuzz target, without libFuzzer: `make check` runs
 * each corpus this way. An empty corpus is an error.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replayed;

static int replay(const char *path)
{
	struct stat st;
	int bad = 0;

	if (stat(path, &st) != 0) {
		perror(path);
		return 1;
	}
	if (S_ISDIR(st.st_mode)) {
		DIR *dir = opendir(path);
		struct dirent *e;

		while (dir && (e = readdir(dir))) {
			char inner[4096];

			if (e->d_name[0] == '.')
				continue;
			snprintf(inner, sizeof(inner), "%s/%s", path, e->d_name);
			bad |= replay(inner);
		}
		if (dir)
			closedir(dir);
		return bad;
	}
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc((size_t)st.st_size + 1);
	if (!f || !data || fread(data, 1, (size_t)st.st_size, f) != (size_t)st.st_size) {
		perror(path);
		bad = 1;
	} else {
		LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
		replayed++;
	}
	if (f)
		fclose(f);
	free(data);
	return bad;
}

int main(int argc, char **argv)
{
	int bad = 0;

	for (int i = 1; i < argc; i++)
		bad |= replay(argv[i]);
	printf("%u inputs\n", replayed);
	return bad || replayed == 0;
}
