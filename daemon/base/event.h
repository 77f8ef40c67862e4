// What the black box keeps: one line per event, for an editor, grep and fohctl log.
//
//     2026-11-27T10:15:00.123Z 4711.250 warn xrun 2 xruns (17 since the start); ...
//
// UTC, seconds of the machine's monotonic clock (a Pi without a battery sets its wall clock in the middle of a show;
// this one never jumps), level, kind, text. *Not taken:* a JSON object per line. Its members would be these five, the
// text would carry escapes, and the file would not be read in an editor at the rack; a program splits the line at its
// first four blanks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fohd {

/// What it is about. The call that logs names it (log_of() in daemon/base/log.h), so there is no second list of events.
enum class EventKind : std::uint8_t {
  start,    ///< of the process; and that the last one did not end well
  end,      ///< of the process, in good order
  desk,     ///< everything that is none of these
  jack,     ///< the server: there, lost, at another rate
  xrun,     ///< a period that was missed, with what we took of it
  load,     ///< every 10 s
  outputs,  ///< shut and open: panic, hold, safety mutes
  midi,     ///< devices
  osc,      ///< the port, and its subscribers
  access,   ///< clients that were refused, clients that were admitted
  config,   ///< the file was read again
  machine,  ///< temperature, power
  store     ///< the disk of the mix
};
inline constexpr int kEventKinds = static_cast<int>(EventKind::store) + 1;
enum class EventLevel : std::uint8_t { info, warn, error };

struct Event {
  std::int64_t utc_ms = 0;   ///< since 1970
  std::int64_t mono_ms = 0;  ///< of now_ms()
  EventKind kind = EventKind::desk;
  EventLevel level = EventLevel::info;
  std::string text;
  bool operator==(const Event&) const = default;
};

/// Longer texts are cut; a sentence for a person has 100.
inline constexpr std::size_t kMaxEventBytes = 400;

/// [any] "xrun".
const char* name_of(EventKind kind) noexcept;
/// [any] All names, for lists and for what may be asked for.
std::vector<std::string> event_kind_names();
std::optional<EventKind> event_kind_called(std::string_view name) noexcept;

/// [any] An event of now. Control characters become blanks, so that an event is one line whatever a file name or a MIDI
/// device brings.
Event make_event(EventKind kind, EventLevel level, std::string_view text);
/// [any] Without the line's end.
std::string to_line(const Event& event);
/// [any] Nothing if this is not a whole line of ours: cut off, or overwritten by a failing disk.
std::optional<Event> parse_event(std::string_view line);

}  // namespace fohd
