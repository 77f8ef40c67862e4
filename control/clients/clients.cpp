#include "control/clients/clients.h"

#include <algorithm>
#include <tuple>

namespace fohd::clients {
namespace {

constexpr std::size_t kRanks = static_cast<std::size_t>(Rank::this_machine) + 1;

std::string plural_of(Rank rank) {
  return rank == Rank::engineer ? "engineers" : rank == Rank::monitor ? "monitor engineers" : "viewers";
}

}  // namespace

Clients::Clients(Desk& desk, const DeskStatus& status, Origin::Side side, const Quotas& quotas,
                 std::function<std::uint64_t(ClientId)> host_of, std::function<bool(ClientId)> is_here)
    : desk_(desk),
      side_(side),
      quotas_(quotas),
      host_of_(host_of),
      is_here_(std::move(is_here)),
      items_(desk, status),
      meters_(desk.geometry(), status),
      hosts_(std::move(host_of)) {
  desk_.attach(observer_);
}

Client* Clients::find(ClientId client) const {
  const auto at = by_id_.find(client);
  return at == by_id_.end() ? nullptr : at->second;
}

Client* Clients::hear(ClientId client, std::int64_t now_ms) {
  Client* const known = find(client);
  if (known == nullptr) return nullptr;
  known->heard_again = true;
  known->role = role_of(client);
  known->lease_ms = std::min(known->asked_lease_ms, longest_lease_ms(*known));
  known->expires_ms = now_ms + known->lease_ms;
  return known;
}

Rank Clients::rank_of(ClientId client, Role role) const {
  if (is_here_ && is_here_(client)) return Rank::this_machine;
  if (role == Role::engineer) return Rank::engineer;
  return role == Role::monitor ? Rank::monitor : Rank::viewer;
}

std::size_t Clients::open_to(Rank rank) const {
  std::size_t kept = 0;
  if (is_here_ && rank < Rank::this_machine) kept += quotas_.kept_for_this_machine;
  if (rank < Rank::engineer) kept += quotas_.kept_for_engineers;
  return quotas_.most_clients - std::min(kept, quotas_.most_clients);
}

bool Clients::has_room(Rank newcomer) const {
  std::array<std::size_t, kRanks> there{};
  for (const auto& client : clients_) ++there[static_cast<std::size_t>(rank_of(client->id, client->role))];
  std::size_t so_far = 0;
  for (std::size_t rank = 0; rank < kRanks; ++rank) {
    so_far += there[rank];
    const auto each = static_cast<Rank>(rank);
    if (each >= newcomer && so_far >= open_to(each)) return false;
  }
  return true;
}

const Client* Clients::gives_way(ClientId newcomer) const {
  const Rank rank = rank_of(newcomer, role_of(newcomer));
  if (find(newcomer) != nullptr || has_room(rank)) return nullptr;
  const Client* leaves = nullptr;
  const auto order = [this](const Client& client) {
    return std::make_tuple(rank_of(client.id, client.role), -client.host.leases, client.expires_ms - client.lease_ms);
  };
  for (const auto& client : clients_) {
    if (rank_of(client->id, client->role) < rank && (leaves == nullptr || order(*client) < order(*leaves)))
      leaves = client.get();
  }
  return leaves;
}

std::int64_t Clients::longest_lease_ms(const Client& client) const {
  const bool looks = rank_of(client.id, client.role) == Rank::viewer;
  return looks ? std::int64_t{quotas_.longest_viewer_lease_s} * 1000 : client.asked_lease_ms;
}

/// Who was silent while many others spoke may be forgotten by the gate and has no rights until it speaks again; that is
/// no reason to take its place.
void Clients::review(std::int64_t now_ms) {
  for (const auto& client : clients_) {
    const Role now = role_of(client->id);
    if (now != Role::refused) client->role = now;
    client->lease_ms = std::min(client->lease_ms, longest_lease_ms(*client));
    client->expires_ms = std::min(client->expires_ms, now_ms + client->lease_ms);
  }
}

std::string Clients::why_no_place(ClientId client) const {
  if (find(client) != nullptr) return "";
  if (host_of_) {
    const std::uint64_t host = host_of_(client);
    const auto there =
        std::count_if(clients_.begin(), clients_.end(), [&](const auto& other) { return host_of_(other->id) == host; });
    if (static_cast<std::size_t>(there) >= quotas_.most_clients_per_host) {
      return "all " + std::to_string(quotas_.most_clients_per_host) +
             " places of one machine are taken; one is free again when a program on it leaves or its lease runs out";
    }
  }
  const Rank rank = rank_of(client, role_of(client));
  if (has_room(rank) || gives_way(client) != nullptr) return "";
  const std::size_t open = open_to(rank);
  const bool all = open == quotas_.most_clients;
  return "all " + std::to_string(open) + (all ? " places are" : " places that " + plural_of(rank) + " may have are") +
         " taken; one is free again when a client leaves or its lease runs out";
}

Client& Clients::admit(ClientId client, std::int64_t now_ms) {
  if (Client* known = find(client)) return *known;
  clients_.push_back(std::make_unique<Client>(client, hosts_.host(client, now_ms), items_.size()));
  Client& admitted = *clients_.back();
  by_id_[client] = &admitted;
  admitted.role = role_of(client);
  admitted.lease_ms = admitted.asked_lease_ms = std::int64_t{quotas_.default_lease_s} * 1000;
  admitted.expires_ms = now_ms + admitted.lease_ms;
  return admitted;
}

void Clients::remove(ClientId client, std::int64_t now_ms) {
  Client* const leaving = find(client);
  if (leaving == nullptr) return;
  leaving->host.touched_ms = now_ms;  // a client that returns at once finds the machine's allowances as they were
  stop_meters(*leaving, -1);
  by_id_.erase(client);
  std::erase_if(clients_, [leaving](const auto& other) { return other.get() == leaving; });
}

std::vector<ClientId> Clients::expired(std::int64_t now_ms) const {
  std::vector<ClientId> gone;
  for (const auto& client : clients_) {
    if (now_ms >= client->expires_ms) gone.push_back(client->id);
  }
  return gone;
}

int Clients::subscribe(Client& client, BitSet wanted, bool echo, int lease_s, std::int64_t now_ms) {
  client.own.clear();
  client.queue.clear();
  client.subscribed = std::move(wanted);
  client.queue.owe_state(client.subscribed);
  client.says_synced = true;
  client.wants_values = true;
  client.echo = echo;
  client.sequence = 0;
  client.asked_lease_ms = std::int64_t{lease_s} * 1000;
  const std::int64_t granted_ms = std::min(client.asked_lease_ms, longest_lease_ms(client));
  client.lease_ms =
      client.heard_again ? granted_ms : std::min(granted_ms, std::int64_t{quotas_.default_lease_s} * 1000);
  client.expires_ms = now_ms + client.lease_ms;
  return static_cast<int>(granted_ms / 1000);
}

void Clients::watch_meters(Client& client, const MeterView& view, std::int64_t now_ms) {
  std::optional<MeterView>& watched = client.meters[static_cast<std::size_t>(view.group)];
  if (watched == view) return;  // a repeat changes nothing: it costs no peak
  stop_meters(client, view.group);
  meters_.join(view, now_ms);
  watched = view;
}

void Clients::stop_meters(Client& client, int group) {
  for (int each = 0; each < kMeterGroups; ++each) {
    if (group >= 0 && each != group) continue;
    std::optional<MeterView>& watched = client.meters[static_cast<std::size_t>(each)];
    if (watched) meters_.leave(*watched);
    watched.reset();
  }
}

void Clients::note_own(Client& client, std::span<const ParameterId> touched, std::span<const ParameterId> kept,
                       std::span<const ParameterId> overruled) {
  for (const ParameterId id : touched) {
    client.own.erase(id);
    if (client.echo && client.subscribed.contains(id)) client.queue.change(id);
  }
  if (client.echo) return;
  for (const ParameterId id : kept) client.own.insert(id);
  for (const ParameterId id : overruled) {
    if (client.subscribed.contains(id)) client.queue.change(id);
  }
}

void Clients::collect(std::int64_t now_ms) {
  if (!observer_.dirty.empty()) {
    for (const auto& client : clients_) {
      if (!client->wants_values) continue;
      for (const ParameterId id : observer_.dirty.ids()) {
        if (!client->subscribed.contains(id)) continue;
        const bool by_itself = desk_.last_origin(id) == origin_of(client->id);
        if (!(by_itself && client->own.contains(id))) client->queue.change(id);
      }
      client->own.clear();
    }
    observer_.dirty.clear();
  }
  if (now_ms < next_readouts_ms_) return;
  next_readouts_ms_ = now_ms + quotas_.readout_interval_ms;
  const bool heard = std::any_of(clients_.begin(), clients_.end(), [](const auto& c) { return c->wants_values; });
  if (!heard) return;
  for (const ItemId item : items_.changed_readouts()) {
    for (const auto& client : clients_) {
      if (client->wants_values && client->subscribed.contains(item)) client->queue.change(item);
    }
  }
}

}  // namespace fohd::clients
