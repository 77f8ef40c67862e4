#include "daemon/disk/disk_thread.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace fohd {

DiskThread::DiskThread(std::chrono::milliseconds period) : period_(period), thread_([this] { run(); }) {}

DiskThread::~DiskThread() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void DiskThread::add(std::shared_ptr<DiskJob> job) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back(std::move(job));
}

void DiskThread::remove(const std::shared_ptr<DiskJob>& job) {
  const std::lock_guard lock(mutex_);
  jobs_.erase(std::remove(jobs_.begin(), jobs_.end(), job), jobs_.end());
}

void DiskThread::run() {
  // Linux counts niceness per thread. 5: behind control and audio, before batch work.
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), 5);
  std::vector<std::shared_ptr<DiskJob>> jobs;
  for (bool ending = false; !ending;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, period_, [this] { return ending_; });
      ending = ending_;
      jobs = jobs_;  // served without the lock: add() and remove() never wait for a disk
    }
    for (const auto& job : jobs) job->service();
    jobs.clear();
  }
}

}  // namespace fohd
