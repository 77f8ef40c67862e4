// Marks what runs inside the audio callback. With clang's real-time sanitizer (preset `rtsan`) the mark makes every
// allocation, lock or system call underneath abort the test; elsewhere it is nothing. It stands behind noexcept, as
// part of the function's type.
#pragma once

#if defined(__has_feature)
#if __has_feature(realtime_sanitizer)
#define FOHD_NONBLOCKING [[clang::nonblocking]]
#endif
#endif
#ifndef FOHD_NONBLOCKING
#define FOHD_NONBLOCKING
#endif
