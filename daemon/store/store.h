// Keeps the mix on disk while the desk runs, so that a power cut or kill -9 costs at most about a second of changes:
// a change goes to a checksummed log, the first at once, later ones every second; whole generations every 5 minutes, at
// exit and when the log reaches 1 MB (docs/STATE.md, "The folder"). All disk work is done on the store thread, from
// copies.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "daemon/store/state.h"

namespace fohd {

class FileSystem;

/// [any] "doc-", 1 to 64 lower-case letters, digits and hyphens, and ".json": no other file of the folder is called so.
bool is_document_name(const std::string& name) noexcept;
/// [any thread that may wait for a disk] Its text. Returns "" or what went wrong.
std::string load_document(FileSystem& files, const std::string& folder, const std::string& name, std::string& text);

struct StoreOptions {
  double log_interval_s = 1;           ///< at most this long between a change and its line in the log
  double generation_interval_s = 300;  ///< a whole generation this often, if anything changed
  std::size_t log_limit_bytes = 1u << 20;
  int keep_generations = 3;
};

/// [control] except where said otherwise. Construction and submit() never touch the disk and never throw for its sake.
class Store {
 public:
  /// A sentence for a person: trouble with the disk, or its end. [called on the store thread]
  using Report = std::function<void(const std::string&)>;

  /// Starts the store thread. `initial` is the whole mix as it is now; it becomes a new generation at once,
  /// unless the newest one in the folder holds just that. The folder
  /// is made if it is missing. A folder that another desk uses, a full or read-only disk: reported, tried again every
  /// second, nothing lost meanwhile but the safety. So is memory that has run out. `files` (for tests) must outlive the
  /// store and a thread that it left behind; null: the real disk. Throws std::system_error where no thread can be
  /// started.
  Store(std::string folder, StateMeta meta, std::vector<AddressedValue> initial, Report report,
        const StoreOptions& options = {}, FileSystem* files = nullptr);
  /// finish() with kPatienceAtEnd.
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Queues a copy of what changed; one call is one change: after a power cut all of it is there or none. Wait-free but
  /// for the copy. Call it with an empty span about once a second too: when the disk stood still for so long that the
  /// queue filled, that brings the rest across.
  void submit(std::span<const AddressedValue> changes);
  /// What was true changed, such as the rate or the device: written as a new generation if it differs.
  void submit_meta(const StateMeta& meta);

  /// A document with a name beside the mix, such as "doc-kept.json": written whole or not at all, by the same thread.
  /// The newest of a name counts. False: is_document_name() does not hold, and nothing is done.
  bool submit_document(const std::string& name, std::string text);

  /// [any] The last attempt to write failed; what changed since is in memory only.
  bool failing() const noexcept;

  /// Several times the pause of an SD card, and within the 10 s that the service has for its end.
  static constexpr std::chrono::milliseconds kPatienceAtEnd{4000};
  /// Ends the thread, which writes a last generation, marked as a clean exit, if anything changed since the newest.
  /// False: it is not done within `patience` (a disk that stands still), and is left behind with what it uses; the
  /// process should end then. Submit nothing afterwards.
  bool finish(std::chrono::milliseconds patience);

 private:
  struct Thread;
  std::shared_ptr<Thread> thread_;  ///< also the thread's own, which may be left behind
};

}  // namespace fohd
