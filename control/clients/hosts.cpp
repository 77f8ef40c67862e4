#include "control/clients/hosts.h"

namespace fohd::clients {
namespace {

/// Errors start anew and values are full again after this.
constexpr std::int64_t kPortIdleMs = 1000;
/// Work goes up to a second into debt, so a machine's shares are full again after this.
constexpr std::int64_t kHostIdleMs = 2000;

}  // namespace

bool Hosts::take_values(ClientId stranger, double values, std::int64_t now_ms) {
  Host& from = host(stranger, now_ms);
  Allowance& own = port(from, stranger, now_ms).values;
  return own.has(values, now_ms) && take(from, Pool::values, values, now_ms) && own.take(values, now_ms);
}

ErrorWindow::Verdict Hosts::count_error(ClientId stranger, std::int64_t now_ms) {
  Host& from = host(stranger, now_ms);
  const ErrorWindow::Verdict verdict = port(from, stranger, now_ms).errors.count(now_ms);
  if (verdict == ErrorWindow::Verdict::withhold || take(from, Pool::errors, 1, now_ms)) return verdict;
  return ErrorWindow::Verdict::withhold;
}

bool Hosts::may_work(Pool pool, ClientId stranger, std::int64_t now_ms) {
  return host(stranger, now_ms).share[pool].in_credit(now_ms) && all_[pool].in_credit(now_ms);
}

void Hosts::charge(Pool pool, ClientId stranger, double work, std::int64_t now_ms) {
  host(stranger, now_ms).share[pool].charge(work, now_ms);
  all_[pool].charge(work, now_ms);
}

bool Hosts::take(Host& host, Pool pool, double amount, std::int64_t now_ms) {
  return all_[pool].has(amount, now_ms) && host.share[pool].take(amount, now_ms) && all_[pool].take(amount, now_ms);
}

Host& Hosts::host(ClientId talker, std::int64_t now_ms) {
  const std::uint64_t number = host_of_ ? host_of_(talker) : talker;
  auto at = hosts_.find(number);
  if (at == hosts_.end()) {
    if (hosts_.size() >= kMaxHosts) forget_idle(now_ms);
    if (hosts_.size() >= kMaxHosts) return other_hosts_;
    at = hosts_.try_emplace(number).first;
  }
  at->second.touched_ms = now_ms;
  return at->second;
}

Stranger& Hosts::port(Host& host, ClientId stranger, std::int64_t now_ms) {
  Stranger* idle = nullptr;
  for (Stranger& known : host.ports) {
    if (known.id == stranger) return known.touched_ms = now_ms, known;
    if (now_ms - known.touched_ms >= kPortIdleMs) idle = &known;
  }
  if (idle == nullptr) {
    if (host.ports.size() >= kMaxPortsPerHost) return host.other_ports;
    idle = &host.ports.emplace_back();
  }
  *idle = Stranger{};
  idle->id = stranger;
  idle->touched_ms = now_ms;
  return *idle;
}

/// At most once a millisecond: thousands of forged machines must not cost a walk each.
void Hosts::forget_idle(std::int64_t now_ms) {
  if (swept_ms_ == now_ms) return;
  swept_ms_ = now_ms;
  std::erase_if(hosts_, [now_ms](const auto& entry) {
    return entry.second.leases == 0 && now_ms - entry.second.touched_ms >= kHostIdleMs;
  });
}

}  // namespace fohd::clients
