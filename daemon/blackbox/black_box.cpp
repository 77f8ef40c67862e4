#include "daemon/blackbox/black_box.h"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <future>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "daemon/base/file_system.h"
#include "engine/crossing/latest.h"

namespace fohd {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// Numbers of this process begin here, so that the events of earlier processes on the disk, which are read when the
/// first events are there already, have numbers below.
constexpr std::int32_t kFirstNumber = 1 << 20;
constexpr auto kPatienceAtEnd = 2s;

}  // namespace

struct BlackBox::State {
  explicit State(BlackBoxOptions given) : options(std::move(given)) {
    options.events = std::min(options.events, static_cast<std::size_t>(kFirstNumber));
  }

  /// With the lock held.
  void push(Event event) {
    waiting_bytes += event.text.size() + 64;
    if (event.level != EventLevel::info || event.kind == EventKind::start || waiting_bytes >= options.chunk_bytes)
      urgent = true;
    events.push_back(std::move(event));
    if (events.size() > options.events) {
      events.pop_front();
      ++first;
    }
  }
  std::int32_t end() const { return first + static_cast<std::int32_t>(events.size()); }

  BlackBoxOptions options;
  mutable std::mutex mutex;
  std::condition_variable wake;
  std::deque<Event> events;
  std::int32_t first = kFirstNumber;    ///< the number of events.front()
  std::int32_t written = kFirstNumber;  ///< all before are on the disk, or never will be
  std::size_t waiting_bytes = 0;
  std::uint64_t lost = 0;
  bool urgent = false, stop = false, keeps = false;

  Latest<MachineReading> reading;  ///< box thread -> control
  std::promise<void> done;
  std::thread thread;
};

/// [box thread]
class BlackBox::Writer {
 public:
  Writer(std::shared_ptr<State> state, std::string folder, std::function<void(EventLevel, const std::string&)> trouble,
         FileSystem* disk)
      : state_(std::move(state)),
        folder_(std::move(folder)),
        trouble_(std::move(trouble)),
        disk_(disk != nullptr ? *disk : own_disk_),
        files_(disk_, folder_, state_->options.limits) {}

  void run() {
    guarded([this] {
      open();
      read_before();
    });
    for (bool stop = false; !stop;) {
      stop = wait();
      guarded([this] { look_at_machine(); });
      guarded([this, stop] {
        if (!folder_.empty()) write(stop);
      });
    }
    state_->done.set_value();
  }

 private:
  /// Memory can run out: that may not end the process that makes the sound.
  template <class Work>
  void guarded(Work work) noexcept {
    try {
      work();
    } catch (...) {  // NOLINT(bugprone-empty-catch): what was not written is still in the ring
    }
  }

  /// Until something is to be done. True: for the last time.
  bool wait() {
    std::unique_lock lock(state_->mutex);
    const auto due = [&] {
      const auto& options = state_->options;
      return std::min(last_write_ + (state_->urgent ? options.alarm_interval : options.write_interval), next_reading_);
    };
    while (!state_->stop && Clock::now() < due()) state_->wake.wait_until(lock, due());
    return state_->stop;
  }

  void open() {
    if (folder_.empty()) return;
    const std::string error = files_.open();
    open_ = error.empty();
    tell(error);
    if (const std::string warning = files_.warning(); warning != warned_) {
      warned_ = warning;
      if (!warning.empty()) trouble_(EventLevel::warn, "The black box: " + warning);
    }
  }

  /// Once per trouble, and once when it is over.
  void tell(const std::string& error) {
    if (!error.empty() && error != told_)
      trouble_(EventLevel::warn, "The black box is in memory only: " + error + ". It is tried again all the time");
    if (error.empty() && !told_.empty()) trouble_(EventLevel::info, "The black box is written again");
    told_ = error;
  }

  void read_before() {
    if (folder_.empty()) return;
    std::vector<Event> before = read_box(disk_, folder_, state_->options.events, nullptr);
    if (before.empty()) return;
    const Event last = before.back();
    {
      const std::lock_guard lock(state_->mutex);
      while (!before.empty() && state_->events.size() < state_->options.events) {
        state_->events.push_front(std::move(before.back()));
        before.pop_back();
        --state_->first;
      }
    }
    if (!open_ || last.kind == EventKind::end) return;  // not open: another desk uses it and has not ended at all
    trouble_(EventLevel::warn,
             "The desk did not end in good order last time. Its last line in the black box: " + to_line(last));
  }

  void look_at_machine() {
    if (Clock::now() < next_reading_) return;
    next_reading_ = Clock::now() + state_->options.reading_interval;
    state_->reading.back() = state_->options.read();
    state_->reading.publish();
  }

  void write(bool last) {
    const auto now = Clock::now();
    {
      const std::lock_guard lock(state_->mutex);
      const auto interval = state_->urgent ? state_->options.alarm_interval : state_->options.write_interval;
      if (!last && now < last_write_ + interval) return;  // this turn was for the sensors
      state_->urgent = false;
    }
    last_write_ = now;
    if (!open_) open();
    while (open_ && write_chunk()) {
    }
  }

  /// False: nothing is left, or it did not work.
  bool write_chunk() {
    std::string chunk;
    std::int32_t next = 0;
    {
      const std::lock_guard lock(state_->mutex);
      forget_lost();
      next = state_->written;
      for (; next < state_->end() && chunk.size() < state_->options.chunk_bytes; ++next) {
        chunk += to_line(state_->events[static_cast<std::size_t>(next - state_->first)]) + "\n";
      }
    }
    if (chunk.empty()) return false;
    const std::string error = files_.append(chunk);
    tell(error);
    if (!error.empty()) return false;
    const std::lock_guard lock(state_->mutex);
    state_->written = next;
    if (state_->written >= state_->end()) state_->waiting_bytes = 0;
    if (state_->lost > lost_told_) {
      state_->push(make_event(EventKind::store, EventLevel::warn,
                              "The disk was too slow or full: " + std::to_string(state_->lost - lost_told_) +
                                  " events before these are lost"));
      lost_told_ = state_->lost;
    }
    return true;
  }

  /// With the lock held: what gave way before it was written.
  void forget_lost() {
    state_->lost += static_cast<std::uint64_t>(std::max(state_->first - state_->written, 0));
    state_->written = std::max(state_->written, state_->first);
  }

  std::shared_ptr<State> state_;
  std::string folder_;
  std::function<void(EventLevel, const std::string&)> trouble_;
  FileSystem own_disk_;
  FileSystem& disk_;
  BoxFiles files_;
  std::string told_, warned_;
  std::uint64_t lost_told_ = 0;
  bool open_ = false;
  Clock::time_point last_write_{}, next_reading_{};
};

BlackBox::BlackBox(BlackBoxOptions options) {
  if (!options.read) options.read = [] { return read_machine({}); };
  state_ = std::make_shared<State>(std::move(options));
}

BlackBox::~BlackBox() { end(); }

void BlackBox::note(EventKind kind, EventLevel level, std::string_view text) {
  Event event = make_event(kind, level, text);
  bool urgent = false;
  {
    const std::lock_guard lock(state_->mutex);
    const bool before = state_->urgent;
    state_->push(std::move(event));
    urgent = state_->urgent && !before;
  }
  if (urgent) state_->wake.notify_one();
}

void BlackBox::keep_in(std::string folder, const std::function<void(EventLevel, const std::string&)>& trouble,
                       FileSystem* disk) {
  auto writer = std::make_shared<Writer>(state_, std::move(folder), trouble, disk);
  try {
    state_->thread = std::thread([writer] { writer->run(); });
    state_->keeps = true;
  } catch (const std::system_error& error) {
    trouble(EventLevel::warn, std::string("The black box is in memory only: ") + error.what());
  }
}

void BlackBox::end() {
  if (std::exchange(ended_, true)) return;
  note(EventKind::end, EventLevel::info, "The desk ends");
  if (!state_->keeps) return;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->wake.notify_one();
  if (state_->done.get_future().wait_for(kPatienceAtEnd) == std::future_status::ready) {
    state_->thread.join();
  } else {
    state_->thread.detach();
  }
}

BlackBox::Page BlackBox::page(std::int32_t first, std::int32_t count) const {
  std::vector<Event> events;
  Page page;
  {
    const std::lock_guard lock(state_->mutex);
    page.oldest = state_->first;
    page.end = state_->end();
    page.first = std::clamp(first, page.oldest, page.end);
    const auto begin = state_->events.begin() + (page.first - page.oldest);
    events.assign(begin, begin + std::clamp(count, 0, page.end - page.first));
  }
  for (const Event& event : events) page.lines.push_back(to_line(event));
  return page;
}

const MachineReading& BlackBox::machine() noexcept { return state_->reading.read(); }

std::uint64_t BlackBox::lost() const {
  const std::lock_guard lock(state_->mutex);
  return state_->lost;
}

}  // namespace fohd
