// Debug builds abort when something allocates or frees memory, or takes a lock, inside an audio callback.
// So do builds with the address sanitizer. In release builds, and with the sanitizers that watch locks or the real-time
// rules themselves, this is nothing at all.
#pragma once

#if defined(__has_feature)
#if __has_feature(realtime_sanitizer)
#define FOHD_REALTIME_SANITIZER 1
#endif
#endif

namespace fohd {

#if !defined(NDEBUG) && !defined(__SANITIZE_THREAD__) && !defined(FOHD_REALTIME_SANITIZER)
#define FOHD_REALTIME_GUARD 1
#else
#define FOHD_REALTIME_GUARD 0
#endif

/// [audio] While one of these lives, the calling thread may neither allocate nor lock.
class RealtimeSection {
 public:
#if FOHD_REALTIME_GUARD
  RealtimeSection() noexcept;
  ~RealtimeSection();
#else
  RealtimeSection() noexcept {}
  ~RealtimeSection() {}
#endif
  RealtimeSection(const RealtimeSection&) = delete;
  RealtimeSection& operator=(const RealtimeSection&) = delete;
};

}  // namespace fohd
