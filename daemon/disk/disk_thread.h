// The thread that waits for disks so that no other one has to. It serves players and recorders through their rings, a
// few milliseconds apart, at low priority: audio never waits for it, control never touches a disk.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace fohd {

class DiskJob {
 public:
  virtual ~DiskJob() = default;
  /// [disk] Does what is to be done now and returns. Must not throw.
  virtual void service() noexcept = 0;
};

/// [control]
class DiskThread {
 public:
  /// Rings hold seconds; with 5 ms the thread is idle for all but a little of the time.
  explicit DiskThread(std::chrono::milliseconds period = std::chrono::milliseconds(5));
  ~DiskThread();  ///< ends the thread; every job is served one last time before
  DiskThread(const DiskThread&) = delete;
  DiskThread& operator=(const DiskThread&) = delete;

  /// The job is shared: the thread lets go of it on remove() or in its destructor.
  void add(std::shared_ptr<DiskJob> job);
  /// Returns at once; the job may be in its last turn until this thread has gone round.
  void remove(const std::shared_ptr<DiskJob>& job);

 private:
  void run();

  std::chrono::milliseconds period_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ending_ = false;
  std::vector<std::shared_ptr<DiskJob>> jobs_;
  std::thread thread_;
};

}  // namespace fohd
