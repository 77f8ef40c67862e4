#include "daemon/store/store.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <future>
#include <new>
#include <optional>
#include <thread>

#include "daemon/base/file_system.h"
#include "daemon/store/state_writer.h"
#include "engine/crossing/flag.h"
#include "engine/crossing/ring.h"

namespace fohd {
namespace {

/// What crosses to the store thread, which frees it.
struct Parcel {
  std::vector<AddressedValue> changes;
  std::optional<StateMeta> meta;
  std::vector<std::pair<std::string, std::string>> documents;  ///< name, text
};

// A control turn that changes something comes at most every few ms: room for seconds of a disk that stands still.
constexpr std::size_t kQueuedParcels = 1024;

// Several times the addresses of the largest desk, so that thinning out is rare.
constexpr std::size_t kLongestBacklog = 200'000;

double steady_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

Mix to_mix(std::vector<AddressedValue>&& values) {
  Mix mix;
  for (auto& [address, value] : values) mix.insert_or_assign(std::move(address), std::move(value));
  return mix;
}

std::vector<AddressedValue> newest_only(std::vector<AddressedValue>&& values) {
  Mix mix = to_mix(std::move(values));
  return {std::make_move_iterator(mix.begin()), std::make_move_iterator(mix.end())};
}

}  // namespace

struct Store::Thread {
  Thread(std::string folder, StateMeta meta, std::vector<AddressedValue> initial, Report report,
         const StoreOptions& options, FileSystem* other_files)
      : writer(other_files != nullptr ? *other_files : files, std::move(folder), std::move(meta),
               to_mix(std::move(initial)), std::move(report), options) {}
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  ~Thread() {
    Parcel* raw = nullptr;
    while (ring.read(std::span<Parcel*>(&raw, 1)) == 1) delete raw;
    if (wake_fd >= 0) ::close(wake_fd);
  }

  void start(const std::shared_ptr<Thread>& self) {
    thread = std::thread([self] {
      self->run();
      self->done.set_value();
    });
  }

  bool finish(std::chrono::milliseconds patience) {
    if (!thread.joinable()) return true;
    stop.raise();
    wake();
    if (done.get_future().wait_for(patience) != std::future_status::ready) {
      thread.detach();
      return false;
    }
    thread.join();
    return true;
  }

  void wake() const {
    const std::uint64_t one = 1;
    if (wake_fd >= 0) static_cast<void>(!::write(wake_fd, &one, sizeof one));
  }

  /// [control] Takes the parcel, or leaves it where it is when the ring is full.
  bool send(std::unique_ptr<Parcel>& parcel) {
    Parcel* const raw = parcel.get();
    if (!ring.write(std::span<Parcel* const>(&raw, 1))) return false;
    static_cast<void>(parcel.release());
    wake();
    return true;
  }

  /// [store thread] Where memory runs out in the middle, the rest of the parcel is taken the next time.
  void collect() {
    Parcel* raw = nullptr;
    while (in_hand || ring.read(std::span<Parcel*>(&raw, 1)) == 1) {
      if (!in_hand) in_hand.reset(raw);
      take(*in_hand);
      in_hand.reset();
    }
  }
  void take(Parcel& parcel) {
    if (parcel.meta) writer.change_meta(*parcel.meta);
    writer.change(std::move(parcel.changes));
    for (; !parcel.documents.empty(); parcel.documents.erase(parcel.documents.begin())) {
      auto& [name, text] = parcel.documents.front();
      writer.change_document(name, std::move(text));
    }
  }

  void run() {
    while (!stop.raised()) {
      double next_s = steady_s() + 1;
      guarded([&] {
        collect();
        next_s = writer.turn(steady_s());
        writer.works_again();
      });
      wait(next_s - steady_s());
    }
    guarded([&] {
      collect();
      if (backlog) take(*backlog);  // the control side has stopped, so this is ours now
    });
    guarded([&] { writer.finish(steady_s()); });
  }

  /// Memory can run out, a report can throw: neither may end the process that makes the sound.
  template <class Work>
  void guarded(Work work) noexcept {
    try {
      work();
      writer.failing() ? trouble.raise() : trouble.lower();
    } catch (const std::bad_alloc&) {
      stumble("there is not enough memory");
    } catch (const std::exception& error) {
      stumble(error.what());
    }
  }
  void stumble(const char* why) noexcept {
    trouble.raise();
    try {
      writer.stumbled(steady_s(), why);
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): no memory for the sentence; at the next turn
    }
  }

  void wait(double seconds) const {
    // Without a descriptor to wait on (the system has run out of them) the thread looks 50 times a second.
    const double longest_s = wake_fd >= 0 ? 3600 : 0.02;
    const int timeout_ms = static_cast<int>(std::ceil(std::clamp(seconds, 0.0, longest_s) * 1000));
    pollfd event = {wake_fd, POLLIN, 0};
    if (::poll(&event, 1, timeout_ms) <= 0 || wake_fd < 0) return;
    std::uint64_t count = 0;
    static_cast<void>(!::read(wake_fd, &count, sizeof count));
  }

  FileSystem files;
  StateWriter writer;
  Ring<Parcel*> ring{kQueuedParcels};
  int wake_fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  Flag stop, trouble;
  std::unique_ptr<Parcel> backlog;  ///< [control] what the full ring did not take; the store thread's after `stop`
  std::unique_ptr<Parcel> in_hand;  ///< [store thread] what is being taken
  std::promise<void> done;
  std::thread thread;
};

Store::Store(std::string folder, StateMeta meta, std::vector<AddressedValue> initial, Report report,
             const StoreOptions& options, FileSystem* files)
    : thread_(std::make_shared<Thread>(std::move(folder), std::move(meta), std::move(initial), std::move(report),
                                       options, files)) {
  thread_->start(thread_);
}

Store::~Store() { finish(kPatienceAtEnd); }

bool Store::finish(std::chrono::milliseconds patience) { return thread_->finish(patience); }

void Store::submit(std::span<const AddressedValue> changes) {
  std::unique_ptr<Parcel>& backlog = thread_->backlog;
  if (backlog) {
    backlog->changes.insert(backlog->changes.end(), changes.begin(), changes.end());
    if (backlog->changes.size() > kLongestBacklog) backlog->changes = newest_only(std::move(backlog->changes));
    static_cast<void>(thread_->send(backlog));
  } else if (!changes.empty()) {
    auto parcel = std::make_unique<Parcel>();
    parcel->changes.assign(changes.begin(), changes.end());
    if (!thread_->send(parcel)) backlog = std::move(parcel);
  }
}

void Store::submit_meta(const StateMeta& meta) {
  std::unique_ptr<Parcel>& backlog = thread_->backlog;
  auto parcel = backlog ? std::move(backlog) : std::make_unique<Parcel>();
  parcel->meta = meta;
  if (!thread_->send(parcel)) backlog = std::move(parcel);
}

bool Store::submit_document(const std::string& name, std::string text) {
  if (!is_document_name(name)) return false;
  std::unique_ptr<Parcel>& backlog = thread_->backlog;
  auto parcel = backlog ? std::move(backlog) : std::make_unique<Parcel>();
  std::erase_if(parcel->documents, [&name](const auto& document) { return document.first == name; });
  parcel->documents.emplace_back(name, std::move(text));
  if (!thread_->send(parcel)) backlog = std::move(parcel);
  return true;
}

bool is_document_name(const std::string& name) noexcept {
  constexpr std::string_view kBegin = "doc-", kEnd = ".json";
  constexpr std::size_t kMostLetters = 64;
  if (!name.starts_with(kBegin) || !name.ends_with(kEnd) || name.size() < kBegin.size() + kEnd.size()) return false;
  const std::string_view word = std::string_view(name).substr(kBegin.size(), name.size() - kBegin.size() - kEnd.size());
  return !word.empty() && word.size() <= kMostLetters &&
         word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

std::string load_document(FileSystem& files, const std::string& folder, const std::string& name, std::string& text) {
  if (!is_document_name(name)) return name + ": not the name of a document";
  return files.read(folder + "/" + name, text);
}

bool Store::failing() const noexcept { return thread_->trouble.raised(); }

}  // namespace fohd
