// Access: rules and keys of the configuration, approvals by an engineer, logins. It decides the rights of every
// client by where it was heard last, and those of MIDI devices by their name. Addresses are IPv4 numbers in host byte
// order; milliseconds are monotonic. No socket, no clock, no file.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "control/desk/desk.h"
#include "control/rights/rights.h"

namespace fohd {

enum class Trust : std::uint8_t {
  lan,      ///< loopback and private networks are engineers, unless a rule says otherwise
  approved  ///< only loopback, and what a rule, an engineer or a key admits
};

struct Network {
  std::uint32_t address = 0;
  int bits = 32;  ///< 0..32: how many of the address count
  bool contains(std::uint32_t other) const noexcept { return bits == 0 || (address ^ other) >> (32 - bits) == 0; }
  bool operator==(const Network&) const = default;
};
/// [any] "192.168.1.20" or "192.168.1.0/24"; nothing if it is neither.
std::optional<Network> parse_network(std::string_view text);
/// [any] "192.168.1.20"
std::string address_text(std::uint32_t address);
/// [any] Loopback (127/8), private (10/8, 172.16/12, 192.168/16) or link-local (169.254/16).
bool is_local_network(std::uint32_t address) noexcept;

/// All that is given must fit. midi stands alone: a pattern of a device's name.
struct AccessRule {
  std::optional<Network> network;
  std::string interface, midi;
  Rights rights;
  bool operator==(const AccessRule&) const = default;
};
struct AccessKey {
  std::string name, key;
  Rights rights;
  bool operator==(const AccessKey&) const = default;
};
struct AccessConfig {
  Trust trust = Trust::lan;
  Role strangers = Role::viewer;  ///< with `approved`: unknown addresses of a private network; viewer or refused
  std::vector<AccessRule> rules;  ///< the first that fits counts
  std::vector<AccessKey> keys;
  bool operator==(const AccessConfig&) const = default;
};

/// An engineer's decision, kept over a restart. No secrets.
struct Approval {
  std::uint32_t address = 0;
  Rights rights;
  bool operator==(const Approval&) const = default;
};

/// [control] all of it.
class AccessBook : public Gate {
 public:
  explicit AccessBook(AccessConfig config = {}, std::vector<Approval> approvals = {});

  /// This client speaks, from here: its rights follow from it until it speaks from elsewhere. Returns its role: what is
  /// refused is not to be read.
  Role hear(const Origin& client, std::uint32_t address, std::string_view interface, std::int64_t now_ms);
  /// As it was heard last; where that is forgotten, by its address alone.
  Role role_of(const Origin& client, std::uint32_t address) const;
  /// Of Origin::Side::midi: `client` is called so.
  void name_midi(std::uint64_t client, std::string name);

  /// "192.168.1.20", or a MIDI device's name: for people.
  std::string place_of(const Origin& origin) const;
  /// A client that was not heard, or so long ago that many others have been since, has none.
  Rights rights_of(const Origin& origin) const override;
  void refused(const Origin& origin, std::string_view address) override;

  /// For the machine that this client is on. "" or why not. Wrong keys: 5 a minute from one address, 20 from all that
  /// never had a right one; then even the right one is refused until the minute is over.
  std::string login(const Origin& client, std::string_view key, std::int64_t now_ms);
  /// "" or why not.
  std::string logout(const Origin& client);
  /// An engineer's decision. Approving replaces what was approved before; revoking ends logins as well. "" or why not.
  std::string approve(std::string_view address, std::string_view rights);
  std::string revoke(std::string_view address);
  const std::vector<Approval>& approvals() const noexcept { return approvals_; }

  /// Lines for a person: the rules, the approvals, and the senders of the last minutes. Never a key.
  std::vector<std::string> list(std::int64_t now_ms) const;
  /// What was refused since the last call, a line for each sender; bounded, whatever came.
  std::vector<std::string> take_refusals();
  /// The configuration was read again. Logins with keys that are the same stay.
  void configure(AccessConfig config);

 private:
  struct Login {
    std::uint32_t address = 0;
    std::string key_name;
  };
  struct Seen {
    std::string interface;
    std::int64_t heard_ms = 0;
  };
  struct Refusal {
    std::string first_address;
    std::uint64_t count = 0;
  };
  struct WrongKeys {
    std::int64_t minute_ms = 0;
    int all = 0;
    std::map<std::uint32_t, int> by_address;
  };

  /// Where a client was heard last, and what follows from it.
  struct Visit {
    std::uint32_t address = 0;
    std::string interface;
    Rights rights;
    std::uint64_t decided = 0;  ///< decisions_ of then
    std::int64_t listed_ms = 0;
  };
  struct OriginHash {
    std::size_t operator()(const Origin& origin) const noexcept {
      return std::hash<std::uint64_t>()(origin.client << 3 ^ static_cast<std::uint64_t>(origin.side));
    }
  };
  using Visits = std::unordered_map<Origin, Visit, OriginHash>;

  Rights decide(std::uint32_t address, std::string_view interface) const;
  void list_visit(Visit& visit, std::int64_t now_ms);  ///< for list(), unless it is refused
  Visit& visit_of(const Origin& client);
  const Visit* find_visit(const Origin& client) const;
  const AccessKey* key_called(std::string_view name) const;
  void decide_again() { ++decisions_; }

  AccessConfig config_;
  std::vector<Approval> approvals_;
  std::vector<Login> logins_;
  std::set<std::uint32_t> came_rightly_;  ///< addresses that had a right key before: forged tries do not lock them out
  std::map<std::uint64_t, std::string> midi_names_;
  std::uint64_t decisions_ = 1;  ///< grows when who may do what has changed
  // Clients heard lately: when there is no room for another one, those of `visits_` become the earlier ones, and the
  // earlier ones are forgotten. Addresses may be forged, so what is remembered stays bounded.
  Visits visits_, earlier_visits_;
  std::map<std::uint32_t, Seen> seen_;
  std::map<std::string, Refusal> refusals_;
  WrongKeys wrong_;
};

}  // namespace fohd
