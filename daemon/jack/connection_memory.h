// Which connections our ports should have: those the configuration asks for and those made by hand. What JACK
// takes away (a client that ends, a server that dies) is made again when the port is back; what a person takes away
// stays away. A desk that shall remember nothing has the configuration's connections only, whatever is made or taken
// away by hand. Pure: fed with events, so it is tested without JACK.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "daemon/config/connect_rules.h"

namespace fohd {

class ConnectionMemory {
 public:
  explicit ConnectionMemory(PortPairs rules, bool remember = true)
      : remember_(remember), rules_(rules), wanted_(std::move(rules)) {}

  void connected(const PortPair& pair) {
    if (remember_) wanted_.insert(pair);
    doubtful_.erase(pair);
  }
  /// Not decided yet: a person did it, or one of the ports is about to vanish.
  void disconnected(const PortPair& pair, std::int64_t now_ms) {
    if (remember_ && wanted_.contains(pair)) doubtful_.emplace(pair, now_ms);
  }
  /// A port of another client is gone: its lost connections were not a person's wish.
  void port_vanished(const std::string& port) {
    std::erase_if(doubtful_, [&](const auto& entry) { return entry.first.from == port || entry.first.to == port; });
  }
  void server_vanished() { doubtful_.clear(); }

  /// Connections lost longer than kDoubtMs ago, both ports still there: a person took them away.
  void settle(std::int64_t now_ms) {
    std::erase_if(doubtful_, [&](const auto& entry) {
      if (now_ms - entry.second < kDoubtMs) return false;
      wanted_.erase(entry.first);
      return true;
    });
  }
  bool in_doubt() const noexcept { return !doubtful_.empty(); }

  /// The configuration was reread: what it asks for now is wanted; what it asked for before stays if it exists.
  void follow(const PortPairs& rules, bool remember) {
    if (!remember) {
      wanted_.clear();
      doubtful_.clear();
    }
    remember_ = remember;
    rules_ = rules;
    wanted_.insert(rules.begin(), rules.end());
  }
  /// Whether the configuration asks for it; else somebody made it by hand.
  bool is_rule(const PortPair& pair) const { return rules_.contains(pair); }

  const PortPairs& wanted() const noexcept { return wanted_; }
  PortPairs wanted_with(const std::string& port) const {
    PortPairs pairs;
    for (const PortPair& pair : wanted_) {
      if (pair.from == port || pair.to == port) pairs.insert(pair);
    }
    return pairs;
  }

  /// jackd reports a closing client's lost connections and its lost ports within a few ms of each other, but a
  /// server that stops takes longer in between (seen: 100 ms).
  static constexpr std::int64_t kDoubtMs = 1000;

 private:
  bool remember_;
  PortPairs rules_, wanted_;
  std::map<PortPair, std::int64_t> doubtful_;  ///< since when
};

}  // namespace fohd
