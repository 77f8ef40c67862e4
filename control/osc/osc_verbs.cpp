// Requests about the conversation itself: clients, their subscriptions, their leases.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "control/osc/osc_server_impl.h"

namespace fohd {
namespace osc {
namespace {

constexpr std::array<std::string_view, 7> kVerbAddresses = {"/info",  "/counters", "/subscribe", "/unsubscribe",
                                                            "/renew", "/resync",   "/meters"};

/// i, a whole f and their wider kin.
std::optional<int> whole_number(const Arguments& arguments, std::size_t i) {
  Value value;
  if (to_value(arguments, i, value) != nullptr) return std::nullopt;
  if (const auto* whole = std::get_if<std::int32_t>(&value)) return *whole;
  const auto* real = std::get_if<float>(&value);
  if (real == nullptr || !(std::abs(*real) < 1e9f) || *real != std::floor(*real)) return std::nullopt;
  return static_cast<int>(*real);
}

std::string parse_subscribe(const Arguments& arguments, VerbRequest& request) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (const auto seconds = whole_number(arguments, i)) {
      if (*seconds < 1) return "the lease is 1 to " + std::to_string(kMaxLeaseS) + " seconds";
      request.lease_s = std::clamp(*seconds, kQuotas.default_lease_s, kMaxLeaseS);
      continue;
    }
    Value value;
    if (to_value(arguments, i, value) != nullptr || !std::holds_alternative<std::string>(value)) {
      return "takes addresses to hear (prefixes or patterns), \"echo\", and a lease in seconds";
    }
    std::string text = std::get<std::string>(std::move(value));
    if (text == "echo") {
      request.echo = true;
    } else if (text.starts_with('/') && text.size() <= kMaxAddressBytes) {
      while (text.ends_with('/')) text.pop_back();  // "/ch/1/" is meant as "/ch/1", "/" as everything
      if (request.filters.size() == kMaxFilters)
        return "at most " + std::to_string(kMaxFilters) + " prefixes or patterns";
      request.filters.push_back(std::move(text));
    } else {
      return "an option is \"echo\" or an address starting with '/'";
    }
  }
  return {};
}

std::string parse_meters(const Arguments& arguments, VerbRequest& request) {
  std::string usage = "takes a group (0 to " + std::to_string(kMeterGroups - 1) +
                      "), an interval in ms (0 ends it) and, where the group shows one of several, its number; or just "
                      "0 to end all";
  std::array<int, 3> numbers{};
  if (arguments.size() < 1 || arguments.size() > numbers.size()) return usage;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto number = whole_number(arguments, i);
    if (!number) return usage;
    numbers[i] = *number;
  }
  if (arguments.size() == 1) return numbers[0] == 0 ? "" : usage;
  if (numbers[0] < 0 || numbers[0] >= kMeterGroups || numbers[1] < 0) return usage;
  request.group = numbers[0];
  request.interval_ms = numbers[1];
  if (arguments.size() == numbers.size()) request.argument = numbers[2];
  return {};
}

}  // namespace

std::span<const std::string_view> verb_addresses() noexcept { return kVerbAddresses; }

std::optional<Verb> find_verb(std::string_view address) noexcept {
  for (std::size_t i = 0; i < kVerbAddresses.size(); ++i) {
    if (kVerbAddresses[i] == address) return static_cast<Verb>(i);
  }
  return std::nullopt;
}

std::string parse_verb(Verb verb, const MessageView& message, VerbRequest& request) {
  request.verb = verb;
  const Arguments arguments(message);
  if (!arguments.valid()) return "the arguments cannot be read";
  if (verb == Verb::subscribe) return parse_subscribe(arguments, request);
  if (verb == Verb::meters) return parse_meters(arguments, request);
  return {};  // the others need none; a tablet's button sends its 1 along
}

}  // namespace osc

void OscServer::Impl::run_verb(ClientId from, const osc::VerbRequest& request) {
  Client* client = find(from);
  switch (request.verb) {
    case osc::Verb::info:
      tell_info(from);
      return;
    case osc::Verb::counters:
      tell_counters(from);
      return;
    case osc::Verb::subscribe:
      subscribe(from, request);
      return;
    case osc::Verb::meters:
      set_meters(from, request);
      return;
    case osc::Verb::renew:  // any message renews; this one does nothing else
      if (client == nullptr) refuse(from, "/renew", "there is no lease to renew; /subscribe or /meters first");
      return;
    case osc::Verb::resync:
      if (client == nullptr || !client->wants_values) {
        refuse(from, "/resync", "there is no subscription; /subscribe first");
        return;
      }
      client->queue.owe_state(client->subscribed);
      client->says_synced = true;
      return;
    case osc::Verb::unsubscribe:
      if (client == nullptr) {
        refuse(from, "/unsubscribe", "there is no subscription");
        return;
      }
      farewell(*client, "as asked");
      return;
  }
}

/// The order is for ever; new things are added behind.
void OscServer::Impl::tell_info(ClientId to) {
  const Geometry& geometry = desk_.geometry();
  const Client* client = find(to);
  const std::string seen_as = info_.client_address ? info_.client_address(to) : std::string();
  const std::int64_t left_s = client == nullptr ? 0 : (client->expires_ms - now_ms_ + 999) / 1000;
  osc::MessageBuilder message;
  message.add(info_.name).add(info_.version).add(std::int32_t{kOscProtocolVersion});
  constexpr std::size_t kFirstCounts = 5;  // those of the first version; later ones stand behind what it had
  const std::span<const CountRow> counts(kCountRows);
  for (const CountRow& row : counts.first(kFirstCounts)) message.add(std::int32_t{geometry.*row.count});
  message.add(status_.rate_hz).add(seen_as).add(static_cast<std::int32_t>(left_s));
  for (const CountRow& row : counts.subspan(kFirstCounts)) message.add(std::int32_t{geometry.*row.count});
  send(to, message, "/info");
}

void OscServer::Impl::tell_counters(ClientId to) {
  osc::MessageBuilder message;
  const auto pair = [&message](const char* name, std::uint64_t value) { message.add(name).add_int64(value); };
  pair("packets", counters_.packets);
  pair("messages", counters_.messages);
  pair("sets", counters_.sets);
  pair("malformed", counters_.malformed);
  pair("refused", counters_.refused);
  pair("unknown_addresses", counters_.unknown_addresses);
  pair("errors_withheld", counters_.errors_withheld);
  pair("answers_dropped", counters_.answers_dropped);
  pair("sent", counters_.sent);
  pair("expired", counters_.expired);
  pair("clients", clients_.all().size());
  pair("gave_way", counters_.gave_way);
  pair("reported_gone", counters_.reported_gone);
  send(to, message, "/counters");
}

bool OscServer::Impl::has_place(ClientId from, std::string_view verb) {
  const std::string reason = clients_.why_no_place(from);
  if (!reason.empty()) refuse(from, verb, reason);
  return reason.empty();
}

osc::Client& OscServer::Impl::admit(ClientId from) {
  if (const Client* leaves = clients_.gives_way(from)) {
    ++counters_.gave_way;
    farewell(*find(leaves->id), "all places are taken, and this one went to a client of a higher role");
  }
  return clients_.admit(from, now_ms_);
}

void OscServer::Impl::subscribe(ClientId from, const osc::VerbRequest& request) {
  if (!has_place(from, "/subscribe")) return;
  // What is refused costs nothing, and strangers can use up neither the share of subscribers nor, by their patterns,
  // that of new clients.
  Client* known = find(from);
  if (!may_work(osc::Pool::subscribe_work, from, known)) {
    refuse(from, "/subscribe", "too many requests in this second; try again");
    return;
  }
  // Measured (bench/osc_cost): a filter costs less than 1/16 of visiting all addresses one by one.
  charge_work(osc::Pool::subscribe_work, from, known,
              static_cast<double>(clients_.items().size() * (request.filters.size() + 1)) / 16);
  clients::BitSet wanted = clients_.items().below(request.filters);
  const std::size_t count = wanted.count();
  if (count == 0) {
    refuse(from, "/subscribe", "no address of this desk begins like that; nothing was changed");
    return;
  }
  const int lease_s = clients_.subscribe(admit(from), std::move(wanted), request.echo, request.lease_s, now_ms_);
  osc::MessageBuilder message;
  message.add(std::int32_t{lease_s}).add(static_cast<std::int32_t>(count));
  send(from, message, "/subscribed");
}

void OscServer::Impl::set_meters(ClientId from, const osc::VerbRequest& request) {
  if (request.interval_ms == 0) {
    if (Client* client = find(from)) clients_.stop_meters(*client, request.group);
    return;
  }
  const int choices = clients_.meters().arguments(request.group);
  if (choices == 0 ? request.argument.has_value() : request.argument.value_or(0) < 1 || *request.argument > choices) {
    refuse(from, "/meters",
           "group " + std::to_string(request.group) +
               (choices == 0 ? " takes no third number" : " takes a third number, 1 to " + std::to_string(choices)));
    return;
  }
  if (!has_place(from, "/meters")) return;
  const int rate = clients::MeterHub::rate_for(request.interval_ms);
  clients_.watch_meters(admit(from), {request.group, request.argument.value_or(1) - 1, rate}, now_ms_);
  const auto group = static_cast<std::size_t>(request.group);
  osc::MessageBuilder message;
  message.add(std::int32_t{request.group});
  message.add(std::int32_t{osc::kMeterIntervalsMs[static_cast<std::size_t>(rate)]});
  message.add(std::int32_t{clients_.meters().items(request.group)});
  message.add(static_cast<std::int32_t>(clients::kMeterGroupTable[group].columns.size()));
  send(from, message, "/meters");
}

void OscServer::Impl::farewell(Client& client, const char* reason) {
  osc::MessageBuilder message;
  message.add(reason);
  send(client.id, message, "/unsubscribed");
  clients_.remove(client.id, now_ms_);
}

}  // namespace fohd
