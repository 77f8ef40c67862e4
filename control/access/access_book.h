// Access: rules and keys of the configuration, approvals by an engineer, logins. It decides the rights of every
// client by where it was heard last, and those of MIDI devices by their name. Addresses are IPv4 numbers in host byte
// order; milliseconds are monotonic. No socket, no clock, no file.
#pragma once

#include <compare>
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

/// Tries to log in since the start.
struct LoginCounts {
  std::uint64_t logins = 0;
  std::uint64_t wrong_keys = 0;  ///< those included that were not looked at
};

/// [control] all of it.
class AccessBook : public Gate {
 public:
  /// Whether packets of this address have no business on this interface, since this machine reaches the address through
  /// another one: anybody can write it on a packet.
  using Strays = std::function<bool(std::uint32_t address, std::string_view interface)>;

  /// Empty strays: none does.
  explicit AccessBook(AccessConfig config = {}, std::vector<Approval> approvals = {}, Strays strays = {});

  /// This client speaks, from here: its rights follow from it until it speaks from elsewhere. So a door gives what
  /// comes through another interface, or from another address, another number. An address that strays has the rights of
  /// a rule that names the interface, and no others. Returns its role: what is refused is not to be read.
  Role hear(const Origin& client, std::uint32_t address, std::string_view interface, std::int64_t now_ms);
  /// By the place where it was heard last; where that is forgotten, by its address and, unless it is empty, its
  /// interface. Strays are not asked: a route that is gone for a moment ends no lease, and what comes through a wrong
  /// interface is refused packet by packet.
  Role role_of(const Origin& client, std::uint32_t address, std::string_view interface = {}) const;
  /// Of Origin::Side::midi: `client` is called so.
  void name_midi(std::uint64_t client, std::string name);

  /// "192.168.1.20 on eth0", or a MIDI device's name: for people.
  std::string place_of(const Origin& origin) const;
  /// A client that was not heard, or so long ago that many others have been since, has none.
  Rights rights_of(const Origin& origin) const override;
  void refused(const Origin& origin, std::string_view address) override;

  /// For the machine that this client is on, as heard through its interface. "" or why not. Wrong keys: 5 a minute from
  /// one machine, 20 from all that never had a right one; then even the right one is refused until the minute is over.
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
  /// Who logged in since the last call, a line for each machine; bounded, whatever came. Never a key.
  std::vector<std::string> take_logins();
  /// Who had no right key, how often, in the same way.
  std::vector<std::string> take_wrong_keys();
  const LoginCounts& login_counts() const noexcept { return login_counts_; }
  /// The configuration was read again. Logins with keys that are the same stay.
  void configure(AccessConfig config);

 private:
  /// A machine, as it is heard through one interface.
  struct Place {
    std::uint32_t address = 0;
    std::string interface;
    auto operator<=>(const Place&) const = default;
  };
  struct Login {
    Place place;
    std::string key_name;
  };
  struct Refusal {
    std::string first_address;
    std::uint64_t count = 0;
  };
  struct WrongKeys {
    std::int64_t minute_ms = 0;
    int all = 0;
    std::map<Place, int> by_place;
  };
  /// Of one machine, since it was told.
  struct LoginNews {
    std::string last;          ///< role, or why not
    std::uint64_t logins = 0;  ///< with a right key
    std::uint64_t wrong_keys = 0, unread_keys = 0;
  };

  /// Where a client was heard last, and what follows from it.
  struct Visit {
    Place place;
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

  /// by_routes: strays are refused.
  Rights decide(const Place& place, bool by_routes = true) const;
  /// The first rule that fits; only_named: of those that name an interface.
  const AccessRule* rule_for(const Place& place, bool only_named) const;
  LoginNews& login_news(const Place& place);
  void list_visit(Visit& visit, std::int64_t now_ms);  ///< for list(), unless it is refused
  Visit& visit_of(const Origin& client);
  const Visit* find_visit(const Origin& client) const;
  const AccessKey* key_called(std::string_view name) const;
  void decide_again() { ++decisions_; }

  AccessConfig config_;
  std::vector<Approval> approvals_;
  Strays strays_;
  std::vector<Login> logins_;
  std::set<Place> came_rightly_;  ///< machines that had a right key before: forged tries do not lock them out
  std::map<std::uint64_t, std::string> midi_names_;
  std::uint64_t decisions_ = 1;  ///< grows when who may do what has changed
  // Clients heard lately: when there is no room for another one, those of `visits_` become the earlier ones, and the
  // earlier ones are forgotten. Addresses may be forged, so what is remembered stays bounded.
  Visits visits_, earlier_visits_;
  std::map<Place, std::int64_t> seen_;  ///< when
  std::map<std::string, Refusal> refusals_;
  std::map<std::string, LoginNews> login_news_;
  LoginCounts login_counts_;
  WrongKeys wrong_;
};

}  // namespace fohd
