#include "control/access/access_book.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "control/midi/midi_profile.h"

namespace fohd {
namespace {

// A /24 is the usual network of a show. Beyond this, addresses may be forged: what is remembered stays bounded.
constexpr std::size_t kMostSeen = 256, kMostLogins = 256, kMostApprovals = 256, kMostRefusals = 16;
/// Clients heard lately, twice: more than a desk has places for at all its doors, and 0.2 MB.
constexpr std::size_t kMostVisits = 512;
constexpr int kWrongKeysPerPlace = 5, kWrongKeysInAll = 20;
constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kSeenMs = 10 * kMinuteMs;  // how long a sender stays listed
constexpr std::int64_t kVisitMs = 1000;           // routes may have changed since

/// Takes the same time wherever the texts differ, so that no key is guessed letter by letter.
bool same_secret(std::string_view given, std::string_view key) noexcept {
  unsigned different = given.size() == key.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    different |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(key[i % key.size()]);
  }
  return different == 0;
}

std::string place_text(std::uint32_t address, std::string_view interface) {
  return address_text(address) + (interface.empty() ? "" : " on " + std::string(interface));
}

}  // namespace

std::optional<Network> parse_network(std::string_view text) {
  Network network;
  const std::size_t slash = text.find('/');
  const char* at = text.data();
  const char* const end = at + std::min(slash, text.size());
  for (int part = 0; part < 4; ++part) {
    unsigned value = 0;
    const auto read = std::from_chars(at, end, value);
    if (read.ec != std::errc() || value > 255 || read.ptr - at > 3) return std::nullopt;
    network.address = network.address << 8 | value;
    at = read.ptr;
    if (part < 3 && (at == end || *at++ != '.')) return std::nullopt;
  }
  if (at != end) return std::nullopt;
  if (slash == std::string_view::npos) return network;
  const char* const last = text.data() + text.size();
  const auto read = std::from_chars(end + 1, last, network.bits);
  if (read.ec != std::errc() || read.ptr != last || network.bits < 0 || network.bits > 32) return std::nullopt;
  return network;
}

std::string address_text(std::uint32_t address) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8)
    text += (text.empty() ? "" : ".") + std::to_string(address >> shift & 255);
  return text;
}

bool is_local_network(std::uint32_t address) noexcept {
  constexpr std::array<Network, 5> kLocal = {
      {{0x7F000000, 8}, {0x0A000000, 8}, {0xAC100000, 12}, {0xC0A80000, 16}, {0xA9FE0000, 16}}};
  return std::any_of(kLocal.begin(), kLocal.end(), [&](const Network& local) { return local.contains(address); });
}

AccessBook::AccessBook(AccessConfig config, std::vector<Approval> approvals, Strays strays)
    : config_(std::move(config)), approvals_(std::move(approvals)), strays_(std::move(strays)) {}

const AccessRule* AccessBook::rule_for(const Place& place, bool only_named) const {
  const auto rule = std::find_if(config_.rules.begin(), config_.rules.end(), [&](const AccessRule& one) {
    return one.midi.empty() && (!one.network || one.network->contains(place.address)) &&
           (one.interface.empty() ? !only_named : one.interface == place.interface);
  });
  return rule == config_.rules.end() ? nullptr : &*rule;
}

/// A ban comes first. Then an action counts more than a written rule: a login, an approval, a rule.
Rights AccessBook::decide(const Place& place, bool by_routes) const {
  // A program on this machine can read its files; and the first approval must be possible from somewhere. Its address
  // may be written on a packet from elsewhere too.
  if (place.interface == "lo") return {};
  if (place.address >> 24 == 127) return {place.interface.empty() ? Role::engineer : Role::refused};
  const AccessRule* rule = rule_for(place, false);
  if (rule != nullptr && rule->rights.role == Role::refused) return rule->rights;
  if (by_routes && strays_ && !place.interface.empty() && strays_(place.address, place.interface)) {
    rule = rule_for(place, true);
    return rule != nullptr ? rule->rights : Rights{Role::refused};
  }
  for (const Login& login : logins_) {
    if (login.place != place) continue;
    if (const AccessKey* key = key_called(login.key_name)) return key->rights;
  }
  for (const Approval& approval : approvals_) {
    if (approval.address == place.address) return approval.rights;
  }
  if (rule != nullptr) return rule->rights;
  if (!is_local_network(place.address)) return {Role::refused};
  return {config_.trust == Trust::lan ? Role::engineer : config_.strangers};
}

AccessBook::Visit& AccessBook::visit_of(const Origin& client) {
  if (const auto at = visits_.find(client); at != visits_.end()) return at->second;
  if (visits_.size() >= kMostVisits) {
    earlier_visits_ = std::move(visits_);
    visits_ = {};
  }
  const auto earlier = earlier_visits_.find(client);
  return visits_[client] = earlier == earlier_visits_.end() ? Visit{} : std::move(earlier->second);
}

const AccessBook::Visit* AccessBook::find_visit(const Origin& client) const {
  for (const Visits* visits : {&visits_, &earlier_visits_}) {
    if (const auto at = visits->find(client); at != visits->end()) return &at->second;
  }
  return nullptr;
}

Role AccessBook::hear(const Origin& client, std::uint32_t address, std::string_view interface, std::int64_t now_ms) {
  Visit& visit = visit_of(client);
  const bool moved = visit.decided == 0 || visit.place.address != address || visit.place.interface != interface;
  if (moved) visit.place = {address, std::string(interface)};
  const bool old = now_ms - visit.listed_ms > kVisitMs;
  if (moved || old || visit.decided != decisions_) {
    visit.rights = decide(visit.place);
    visit.decided = decisions_;
  }
  if (moved || old) list_visit(visit, now_ms);
  return visit.rights.role;
}

Role AccessBook::role_of(const Origin& client, std::uint32_t address, std::string_view interface) const {
  const Visit* const visit = find_visit(client);
  return decide(visit != nullptr ? visit->place : Place{address, std::string(interface)}, false).role;
}

void AccessBook::list_visit(Visit& visit, std::int64_t now_ms) {
  visit.listed_ms = now_ms;
  if (visit.rights.role == Role::refused) return;
  if (seen_.size() >= kMostSeen && !seen_.contains(visit.place)) {
    std::erase_if(seen_, [&](const auto& one) { return now_ms - one.second > kSeenMs; });
    if (seen_.size() >= kMostSeen) return;
  }
  seen_[visit.place] = now_ms;
}

void AccessBook::name_midi(std::uint64_t client, std::string name) { midi_names_[client] = std::move(name); }

Rights AccessBook::rights_of(const Origin& origin) const {
  if (origin.side == Origin::Side::start || origin.side == Origin::Side::desk) return {};
  if (origin.side != Origin::Side::midi) {
    const Visit* const visit = find_visit(origin);
    if (visit == nullptr) return {Role::refused};
    return visit->decided == decisions_ ? visit->rights : decide(visit->place);
  }
  // A MIDI cable needs access to the rack.
  const auto name = midi_names_.find(origin.client);
  if (name == midi_names_.end()) return {};
  for (const AccessRule& rule : config_.rules) {
    if (!rule.midi.empty() && name_matches(rule.midi, name->second)) return rule.rights;
  }
  return {};
}

std::string AccessBook::place_of(const Origin& origin) const {
  if (origin.side == Origin::Side::midi) {
    const auto name = midi_names_.find(origin.client);
    return name == midi_names_.end() ? "a MIDI device" : name->second;
  }
  const Visit* const visit = find_visit(origin);
  return visit == nullptr ? "a client" : place_text(visit->place.address, visit->place.interface);
}

void AccessBook::refused(const Origin& origin, std::string_view address) {
  std::string who = place_of(origin);
  if (refusals_.size() >= kMostRefusals && !refusals_.contains(who)) who = "others";
  Refusal& refusal = refusals_[who];
  if (refusal.count++ == 0) refusal.first_address = address.substr(0, 100);
}

std::vector<std::string> AccessBook::take_refusals() {
  std::vector<std::string> lines;
  for (const auto& [who, refusal] : refusals_) {
    lines.push_back(
        who + " was refused " + refusal.first_address +
        (refusal.count > 1 ? ", and " + std::to_string(refusal.count - 1) + " times more, there or elsewhere" : ""));
  }
  refusals_.clear();
  return lines;
}

const AccessKey* AccessBook::key_called(std::string_view name) const {
  const auto at =
      std::find_if(config_.keys.begin(), config_.keys.end(), [&](const auto& key) { return key.name == name; });
  return at == config_.keys.end() ? nullptr : &*at;
}

std::string AccessBook::login(const Origin& client, std::string_view key, std::int64_t now_ms) {
  const Visit* const visit = find_visit(client);
  if (visit == nullptr) return "only programs on a network log in";
  const Place place = visit->place;
  if (now_ms - wrong_.minute_ms >= kMinuteMs) wrong_ = {now_ms, 0, {}};
  const auto tries = wrong_.by_place.find(place);
  const bool came = came_rightly_.contains(place);
  LoginNews& news = login_news(place);
  if ((wrong_.all >= kWrongKeysInAll && !came) ||
      (tries != wrong_.by_place.end() && tries->second >= kWrongKeysPerPlace)) {
    ++login_counts_.wrong_keys;
    ++news.unread_keys;
    return "too many wrong keys; wait a minute";
  }
  const AccessKey* found = nullptr;
  for (const AccessKey& one : config_.keys) {
    if (same_secret(key, one.key)) found = &one;
  }
  if (found == nullptr) {
    if (!came) ++wrong_.all;
    ++wrong_.by_place[place];
    ++login_counts_.wrong_keys;
    ++news.wrong_keys;
    return "this is not a key of this desk";
  }
  ++login_counts_.logins;
  ++news.logins;
  const auto again = [&](const Login& login) { return login.place == place && login.key_name == found->name; };
  if (std::any_of(logins_.begin(), logins_.end(), again)) {
    news.last = to_text(rights_of(client));
    return "";  // nothing changes, and everybody's rights need not be looked at again
  }
  std::erase_if(logins_, [&](const Login& login) { return login.place == place; });
  if (logins_.size() >= kMostLogins) return news.last = "too many are logged in";
  logins_.push_back({place, found->name});
  if (came_rightly_.size() < kMostLogins) came_rightly_.insert(place);
  decide_again();
  news.last = to_text(rights_of(client));
  return "";
}

std::string AccessBook::logout(const Origin& client) {
  const Visit* const visit = find_visit(client);
  if (visit == nullptr) return "only programs on a network log in and out";
  if (std::erase_if(logins_, [&](const Login& login) { return login.place == visit->place; }) > 0) decide_again();
  return "";
}

AccessBook::LoginNews& AccessBook::login_news(const Place& place) {
  std::string who = place_text(place.address, place.interface);
  if (login_news_.size() >= kMostRefusals && !login_news_.contains(who)) who = "others";
  return login_news_[who];
}

std::vector<std::string> AccessBook::take_logins() {
  std::vector<std::string> lines;
  for (auto& [who, news] : login_news_) {
    if (news.logins == 0) continue;
    lines.push_back("Login from " + who + ": " + news.last +
                    (news.logins > 1 ? ", " + std::to_string(news.logins) + " times" : ""));
    news.logins = 0;
  }
  std::erase_if(login_news_, [](const auto& one) { return one.second.wrong_keys + one.second.unread_keys == 0; });
  return lines;
}

std::vector<std::string> AccessBook::take_wrong_keys() {
  std::vector<std::string> lines;
  for (auto& [who, news] : login_news_) {
    const std::uint64_t all = news.wrong_keys + news.unread_keys;
    if (all == 0) continue;
    std::string line = std::to_string(all) + (all == 1 ? " wrong key from " : " wrong keys from ") + who;
    if (news.unread_keys > 0) {
      line +=
          ", " + std::to_string(news.unread_keys) + " of them not looked at, since there were too many in this minute";
    }
    lines.push_back(std::move(line));
    news.wrong_keys = news.unread_keys = 0;
  }
  std::erase_if(login_news_, [](const auto& one) { return one.second.logins == 0; });
  return lines;
}

std::string AccessBook::approve(std::string_view address, std::string_view text) {
  const auto network = parse_network(address);
  if (!network || network->bits != 32) return "takes an IPv4 address such as 192.168.1.20";
  const auto rights = parse_rights(text);
  if (!rights || rights->role == Role::refused) {
    return "takes a role: \"engineer\", \"viewer\", or \"monitor\" and its buses, such as \"monitor 1 2\"";
  }
  std::erase_if(approvals_, [&](const Approval& one) { return one.address == network->address; });
  if (approvals_.size() >= kMostApprovals) return "too many are approved; revoke some";
  approvals_.push_back({network->address, *rights});
  decide_again();
  return "";
}

std::string AccessBook::revoke(std::string_view address) {
  const auto network = parse_network(address);
  if (!network || network->bits != 32) return "takes an IPv4 address such as 192.168.1.20";
  const auto approved = [&](const Approval& one) { return one.address == network->address; };
  const auto logged_in = [&](const Login& one) { return one.place.address == network->address; };
  if (std::erase_if(approvals_, approved) + std::erase_if(logins_, logged_in) == 0) {
    return address_text(network->address) + " was not let in by an engineer or a key; rules stand in the configuration";
  }
  decide_again();
  return "";
}

std::vector<std::string> AccessBook::list(std::int64_t now_ms) const {
  std::vector<std::string> lines;
  lines.push_back(config_.trust == Trust::lan
                      ? "trust: lan (private networks are engineers, unless a rule says otherwise)"
                      : "trust: approved (others in private networks: " + to_text(Rights{config_.strangers}) + ")");
  for (const AccessRule& rule : config_.rules) {
    std::string who = rule.midi.empty() ? "" : "MIDI device " + rule.midi;
    if (rule.network) who = address_text(rule.network->address) + "/" + std::to_string(rule.network->bits);
    if (!rule.interface.empty()) who += (who.empty() ? "interface " : " on interface ") + rule.interface;
    lines.push_back("rule: " + who + ": " + to_text(rule.rights));
  }
  for (const AccessKey& key : config_.keys) lines.push_back("key: " + key.name + ": " + to_text(key.rights));
  for (const Approval& one : approvals_) {
    lines.push_back("approved: " + address_text(one.address) + ": " + to_text(one.rights));
  }
  for (const Login& login : logins_) {
    lines.push_back("logged in: " + place_text(login.place.address, login.place.interface) + " with the key " +
                    login.key_name);
  }
  for (const auto& [place, heard_ms] : seen_) {
    if (now_ms - heard_ms > kSeenMs) continue;
    lines.push_back("heard: " + place_text(place.address, place.interface) + ": " + to_text(decide(place)));
  }
  return lines;
}

void AccessBook::configure(AccessConfig config) {
  std::erase_if(logins_, [&](const Login& login) {
    const AccessKey* before = key_called(login.key_name);
    const auto same = [&](const AccessKey& key) {
      return before != nullptr && key.name == before->name && key.key == before->key;
    };
    return std::none_of(config.keys.begin(), config.keys.end(), same);
  });
  config_ = std::move(config);
  decide_again();
}

}  // namespace fohd
