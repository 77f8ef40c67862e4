// The black box: what happened in the last hours, to be read after the show, or after the crash. One ring of events in
// memory is everything at once: what `fohctl log` is answered from, and the queue towards the disk. A thread of its own
// writes what is new every 10 s, at once what is an alarm; where the disk stands still the oldest give way, counted.
// After kill -9 the last 10 s may be missing, after a power cut too; what was written is whole.
//
// Everything that is logged comes in (daemon/base/log.h), so nothing has to be logged twice; samples such as the load,
// which do not belong on a terminal, come in through note().
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/base/event.h"
#include "daemon/blackbox/box_files.h"
#include "daemon/machine/machine_reading.h"

namespace fohd {

struct BlackBoxOptions {
  std::size_t events = 8192;  ///< in memory: 19 hours of samples every 10 s, 1.2 MB; never more than 4 MB
  std::chrono::milliseconds write_interval{10'000};
  std::chrono::milliseconds alarm_interval{1'000};  ///< between two writes for alarms' sake: a flood is no load
  std::chrono::milliseconds reading_interval{10'000};
  std::size_t chunk_bytes = 64 << 10;  ///< written at once when so much waits, and in pieces of it
  BoxLimits limits;
  /// Reads the machine's sensors. Tests replace it.
  std::function<MachineReading()> read = {};
};

class BlackBox {
 public:
  explicit BlackBox(BlackBoxOptions options = {});
  ~BlackBox();  ///< end()
  BlackBox(const BlackBox&) = delete;
  BlackBox& operator=(const BlackBox&) = delete;

  /// [any thread but audio] Does not wait for a disk: a copy under a lock that is never held over a disk.
  void note(EventKind kind, EventLevel level, std::string_view text);

  /// [main thread, once] From now on a thread keeps the events in this folder ("": in memory only) and looks at the
  /// machine. What the folder has from before becomes the beginning of the ring. trouble: a sentence for a person;
  /// [called on the box thread]. disk (for tests) outlives the box.
  void keep_in(std::string folder, const std::function<void(EventLevel, const std::string&)>& trouble,
               FileSystem* disk = nullptr);
  /// [main thread] The process ends in good order: says so and writes all of it. A disk that stands still is not waited
  /// for longer than 2 s.
  void end();

  /// Events by their numbers, which only grow.
  struct Page {
    std::int32_t first = 0;            ///< the number of lines.front()
    std::int32_t oldest = 0, end = 0;  ///< there are the numbers oldest to end - 1
    std::vector<std::string> lines;
  };
  /// [any thread] At most `count` from `first` on, or from the oldest if that has gone.
  Page page(std::int32_t first, std::int32_t count) const;
  /// [control] As of some seconds ago.
  const MachineReading& machine() noexcept;
  /// [any thread] Events that the disk did not get.
  std::uint64_t lost() const;

 private:
  struct State;
  class Writer;
  std::shared_ptr<State> state_;  ///< also the thread's, which may be left behind
  bool ended_ = false;
};

}  // namespace fohd
