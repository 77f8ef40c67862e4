// How much work senders may cause: a port, a machine with all its ports, and all strangers (senders without a lease)
// together. Sender addresses can be forged, so what is remembered is bounded, and no machine takes more than a quarter
// of what all strangers share.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "control/clients/client_id.h"

namespace fohd::clients {

/// A bucket that refills with time: `rate_per_s`, never more than `burst`.
class Allowance {
 public:
  Allowance(double rate_per_s, double burst) : rate_per_s_(rate_per_s), burst_(burst), left_(burst) {}
  /// Takes `amount` if there is as much, else nothing.
  bool take(double amount, std::int64_t now_ms) {
    if (!has(amount, now_ms)) return false;
    left_ -= amount;
    return true;
  }
  bool has(double amount, std::int64_t now_ms) { return refill(now_ms), left_ >= amount; }
  /// Takes what was used already, also into debt; but never more of it than a second pays back.
  void charge(double amount, std::int64_t now_ms) {
    refill(now_ms);
    left_ = std::max(left_ - amount, -rate_per_s_);
  }
  bool in_credit(std::int64_t now_ms) { return refill(now_ms), left_ > 0; }

 private:
  void refill(std::int64_t now_ms) {
    if (now_ms > last_ms_) left_ = std::min(burst_, left_ + rate_per_s_ * static_cast<double>(now_ms - last_ms_) / 1e3);
    last_ms_ = std::max(last_ms_, now_ms);
  }
  double rate_per_s_, burst_, left_;
  std::int64_t last_ms_ = 0;
};

/// Errors: enough to see what is wrong, not enough to be used as an echo.
inline constexpr int kErrorsPerSecond = 10;
/// Values that gets bring. A forged sender address can turn one small question into that many small answers
/// to a third party, so strangers get little; a subscriber has a lease that runs out.
inline constexpr double kStrangerValuesPerSecond = 1000;
/// All senders without a lease together, however many addresses they forge: 20 ms of work and about 1 MB.
inline constexpr double kAllStrangersValuesPerSecond = 20000;
/// Errors sent to strangers, all together: twenty at once, each with its 10, and 40 kB/s if all of them are forged.
inline constexpr double kStrangerErrorsPerSecond = 200;
/// Addresses that the patterns of all strangers may visit together, at 50 ns each (bench/osc_cost); another
/// pool of the same size pays for their subscriptions. A client with a lease has an allowance of its own.
inline constexpr double kStrangerPatternWorkPerSecond = 3e5;
/// Values that gets bring to all programs with a lease on one machine: a default desk's values ten times over, and
/// with their headers 20 Mbit/s, less than half of what updates may take.
inline constexpr double kHostLeaseValuesPerSecond = 40000;
/// Addresses that one subscriber's patterns and subscriptions may visit: `/ch/*/send/*/on` on the default desk 80 times
/// a second; and those of all on one machine, 8 % of the thread: as much as the 16 it may have.
inline constexpr double kSubscriberPatternWorkPerSecond = 1e5, kHostLeasePatternWorkPerSecond = 1.6e6;
/// What one machine may take of each of these, so that three full ones still leave something.
inline constexpr double kHostShare = 0.25;
/// Ports remembered one by one of each machine: more programs than run on a tablet or a laptop at once. The rest of its
/// ports share what one would have.
inline constexpr std::size_t kMaxPortsPerHost = 32;
/// Machines remembered one by one: all of a /24, the usual network of a show; more of them in two seconds are forged,
/// and share what one would have. 0.7 MB if all are there with all their ports.
inline constexpr std::size_t kMaxHosts = 256;

/// Errors of one talker in the second that runs.
class ErrorWindow {
 public:
  enum class Verdict : std::uint8_t { tell, tell_limit, withhold };
  Verdict count(std::int64_t now_ms) {
    if (start_ms_ < 0 || now_ms - start_ms_ >= 1000 || now_ms < start_ms_) start_ms_ = now_ms, errors_ = 0;
    if (errors_ == kErrorsPerSecond) return Verdict::withhold;
    ++errors_;
    return errors_ < kErrorsPerSecond ? Verdict::tell : Verdict::tell_limit;
  }

 private:
  std::int64_t start_ms_ = -1;
  int errors_ = 0;
};

/// What all strangers share.
enum class Pool : std::uint8_t { values, errors, pattern_work, subscribe_work };
class Pools {
 public:
  explicit Pools(double share)
      : pools_{of(share * kAllStrangersValuesPerSecond), of(share * kStrangerErrorsPerSecond),
               of(share * kStrangerPatternWorkPerSecond), of(share * kStrangerPatternWorkPerSecond)} {}
  Allowance& operator[](Pool pool) { return pools_[static_cast<std::size_t>(pool)]; }

 private:
  static Allowance of(double per_second) { return {per_second, per_second}; }
  std::array<Allowance, 4> pools_;
};

/// One port without a lease.
struct Stranger {
  ClientId id = 0;
  std::int64_t touched_ms = 0;
  ErrorWindow errors;
  Allowance values{kStrangerValuesPerSecond, kStrangerValuesPerSecond};
};

/// One machine.
struct Host {
  std::int64_t touched_ms = 0;
  /// How many leases hold on to it. Then it is not dropped, and neither is it when a lease is given up and taken
  /// anew.
  int leases = 0;
  Allowance lease_values{kHostLeaseValuesPerSecond, kHostLeaseValuesPerSecond};
  Allowance lease_pattern_work{kHostLeasePatternWorkPerSecond, kHostLeasePatternWorkPerSecond};
  Pools share{kHostShare};
  std::vector<Stranger> ports;
  Stranger other_ports;
};

/// [control]
class Hosts {
 public:
  /// An empty function: every port counts as a machine.
  explicit Hosts(std::function<std::uint64_t(ClientId)> host_of) : host_of_(std::move(host_of)) {}

  bool take_values(ClientId stranger, double values, std::int64_t now_ms);
  ErrorWindow::Verdict count_error(ClientId stranger, std::int64_t now_ms);
  /// Work is paid for afterwards, when it is known how much it was.
  bool may_work(Pool pool, ClientId stranger, std::int64_t now_ms);
  void charge(Pool pool, ClientId stranger, double work, std::int64_t now_ms);

  /// The machine of a talker; valid while it has leases.
  Host& host(ClientId talker, std::int64_t now_ms);

 private:
  static Stranger& port(Host& host, ClientId stranger, std::int64_t now_ms);
  /// Takes from the machine and from what all share, or from neither.
  bool take(Host& host, Pool pool, double amount, std::int64_t now_ms);
  void forget_idle(std::int64_t now_ms);

  std::function<std::uint64_t(ClientId)> host_of_;
  Pools all_{1};
  std::unordered_map<std::uint64_t, Host> hosts_;
  Host other_hosts_;
  std::int64_t swept_ms_ = -1;
};

}  // namespace fohd::clients
