/* SPDX-License-Identifier: BSD-3-Clause
 *
 * weights: the log-odds, in hundredths, that likeness.c adds up. Each stands for a reason, not for
 * a case; doc/matching.md has the sources. A candidate at 0 is as likely meant as not. A list:
 * define WEIGHT(name, value) and include it. likeness.c makes constants of it, the program that
 * cross-validates them (tests/quality/crossval.c) variables; so there is no guard.
 */
/* clang-format off */
/* What the fingers did. Damerau (1964) and counted sign-ups: letters swapped or left out
 * are most of all errors; a doubled or neighbouring key comes next; any other letter is
 * rare, and one of many: each single one is rarer still. */
WEIGHT(TRANSPOSITION, 260)
WEIGHT(MOVED, 150)
WEIGHT(REPETITION, 260)
WEIGHT(OMISSION, 190)
WEIGHT(OMISSION_OF_DOUBLE, 240)
WEIGHT(INSERTION_KEY, 180)
WEIGHT(INSERTION, 45)
WEIGHT(SUBSTITUTION_KEY, 150)
WEIGHT(SUBSTITUTION, 40)
WEIGHT(VOWEL_SWAP, 110)
WEIGHT(LOOK_ALIKE, 200)
WEIGHT(IDN_LOOK_ALIKE, 350)
WEIGHT(IDN_AND_MORE, 150)
WEIGHT(HYPHEN, 200)
WEIGHT(PLURAL, 0)
WEIGHT(BIT_FLIP, 60)
WEIGHT(SOUND, 60)
WEIGHT(COMBO, 60)
/* The first letter is the one that people watch, and another one makes another word. */
WEIGHT(FIRST_LETTER, -110)
WEIGHT(FIRST_LETTER_GONE, -100)
WEIGHT(FIRST_LETTER_ADDED, -190)
/* Who has a digit in a name, or another one, has another name. */
WEIGHT(DIGIT, -300)
/* A second error in one label; errors in two labels. */
WEIGHT(SECOND_EDIT, -345)
WEIGHT(SECOND_EDIT_SHORT, -100)
WEIGHT(SECOND_LABEL, -280)
WEIGHT(SECOND_LABEL_DELEGATED, -80)
/* A suffix that does not exist was not chosen by anybody; one that is not delegated can
 * only be reached by mistake. */
WEIGHT(TLD_UNDELEGATED, 450)
WEIGHT(SUFFIX_NOT_PUBLIC, 250)
WEIGHT(TLD_DELEGATED, 120)
/* A two-letter code lies one letter apart from dozens of other TLDs that are used. */
WEIGHT(TLD_SHORT, -190)
WEIGHT(TLD_FIRST_LETTER, -20)
WEIGHT(TLD_SWAP, -30)
WEIGHT(TLD_SWAP_TO_COM, -120)
/* Who owns a name under several suffixes owns it under more. */
WEIGHT(TLD_SWAP_SIBLINGS, -200)
/* .com is the fullest of all: elsewhere a short name is less likely somebody's. */
WEIGHT(SHORT_NOT_COM, 170)
WEIGHT(SHORT_CLOSED, -60)
/* A word of the language was chosen by somebody. */
WEIGHT(WORD, -125)
WEIGHT(SUFFIX_SWAP, -150)
WEIGHT(TLD_APPENDED, 210)
WEIGHT(TLD_APPENDED_BRANCH, -450)
/* A dot. */
WEIGHT(DOT_MISSING, 250)
WEIGHT(DOT_MISSING_GUESSED, 130)
WEIGHT(DOT_MOVED, 350)
WEIGHT(DOT_EXTRA, 210)
/* Another host of one's own is no stranger's. */
WEIGHT(HOST_LABEL, -150)
/* The operator's list of popular names, by rank; nothing of it overrules a strong typo. */
WEIGHT(POPULAR_HEAD, -500)
WEIGHT(POPULAR_BODY, -400)
WEIGHT(POPULAR_TAIL, -250)
WEIGHT(UNPOPULAR, 320)
WEIGHT(STRONG, 200)
/* Each protected neighbour, up to three: where names are dense, the next may be one too. */
WEIGHT(CROWD, -40)
/* By letters of the mistyped label, the last for that many and more: nearly every short name is
 * somebody's; the number of names grows with length much slower than that of possible ones. */
WEIGHT(LETTERS_0, -900)
WEIGHT(LETTERS_1, -900)
WEIGHT(LETTERS_2, -600)
WEIGHT(LETTERS_3, -260)
WEIGHT(LETTERS_4, -155)
WEIGHT(LETTERS_5, 0)
WEIGHT(LETTERS_6, 60)
WEIGHT(LETTERS_7, 110)
WEIGHT(LETTERS_8, 150)
WEIGHT(LETTERS_9, 180)
WEIGHT(LETTERS_10, 210)
WEIGHT(LETTERS_11, 230)
