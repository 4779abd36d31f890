/* SPDX-License-Identifier: BSD-3-Clause
 *
 * keyboard: which keys lie side by side, on QWERTY, QWERTZ or AZERTY.
 */
#ifndef TS_TYPO_KEYBOARD_H
#define TS_TYPO_KEYBOARD_H

#include <stdbool.h>
#include <stdint.h>

/** True where the keys of two lower-case letters, digits or the hyphen are neighbours. */
bool ts_keys_adjacent(uint8_t a, uint8_t b);

#endif
