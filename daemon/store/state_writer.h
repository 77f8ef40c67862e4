// What the store thread does, without the thread: when a log line, a generation, another attempt is due, and in which
// order files are written so that at every instant the folder holds a whole mix. Time comes in as seconds.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "daemon/base/file_system.h"
#include "daemon/store/state_format.h"
#include "daemon/store/state_load.h"
#include "daemon/store/store.h"

namespace fohd {

/// [store thread only]
class StateWriter {
 public:
  StateWriter(FileSystem& files, std::string folder, StateMeta meta, Mix mix, Store::Report report,
              const StoreOptions& options);

  /// Notes what changed; written at the next turn() that is due. If it throws, what was not noted is left in `changes`.
  void change(std::vector<AddressedValue>&& changes);
  void change_meta(const StateMeta& meta);
  /// A document beside the mix, written whole at the next turn(); the newest of a name counts.
  void change_document(const std::string& name, std::string&& text);

  /// Writes what is due at `now_s` (of a clock that never goes back). Returns when to call again if nothing changes;
  /// after a change, call at once.
  double turn(double now_s);
  /// The last write: a generation marked as a clean exit; if that fails, at least the log.
  void finish(double now_s);

  /// A turn ended in the middle (memory): said, and once more every minute, until works_again().
  void stumbled(double now_s, const std::string& why);
  void works_again();

  /// Changes are in memory only, because the last attempt to write them failed.
  bool failing() const noexcept {
    return turn_.failing || log_.failing || document_.failing || (generation_.failing && number_ == 0);
  }

 private:
  /// One kind of attempt: what was last reported about it, and when to report it again.
  struct Attempt {
    bool failing = false;
    std::string said;
    double say_again_s = 0;
  };

  void append_changes(double now_s);
  void write_documents(double now_s);
  void write_generation(double now_s);
  std::string try_generation();
  bool adopt_newest(const StateFiles& present);
  bool whole(std::uint64_t number);
  void prune();
  bool generation_wanted() const noexcept;
  void failed(Attempt& attempt, double now_s, const std::string& why, const std::string& consequence);
  void succeeded(Attempt& attempt, const char* what = "The mix is");

  FileSystem& files_;
  std::string folder_;
  StateMeta meta_;
  Mix mix_;
  Store::Report report_;
  StoreOptions options_;

  std::set<std::string> unwritten_;  ///< addresses whose value is not in the log yet
  std::uint64_t number_ = 0;         ///< of the generation that the log belongs to; 0: none written yet
  std::uint64_t log_bytes_ = 0;
  bool locked_ = false;
  bool meta_changed_ = false;
  bool changed_since_generation_ = false;
  double append_due_s_, generation_due_s_, generation_retry_s_;
  Attempt turn_, log_, generation_, document_;
  std::map<std::string, std::string> documents_;  ///< not on the disk yet
  double document_retry_s_;
  std::map<std::uint64_t, bool> whole_;  ///< which generations in the folder can be read; looked at once each
  std::set<std::uint64_t> superseded_;   ///< generations whose mix the next one repeats: the first to go
};

}  // namespace fohd
