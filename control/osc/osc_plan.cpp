// What each message of a packet requests, determined before anything is touched: so a bundle is one change or none.
#include <cmath>

#include "control/osc/osc_server_impl.h"

namespace fohd {
namespace {

using osc::MessageView;
using osc::Refusal;

Refusal refusal(std::string_view address, std::string reason) { return {std::string(address), std::move(reason)}; }

/// Makes an argument of a command fit its tag: i takes a whole f, f takes an i.
bool fit(char tag, Value& value) {
  if (tag == 's') return std::holds_alternative<std::string>(value);
  if (const auto* whole = std::get_if<std::int32_t>(&value)) {
    if (tag == 'f') value = static_cast<float>(*whole);
    return true;
  }
  const auto* real = std::get_if<float>(&value);
  if (real == nullptr || !std::isfinite(*real)) return false;
  if (tag == 'f') return true;
  if (std::abs(*real) > 1e9f || *real != std::floor(*real)) return false;
  value = static_cast<std::int32_t>(*real);
  return true;
}

}  // namespace

OscServer::Impl::Refused OscServer::Impl::plan(const MessageView& message, ClientId from, Client* client) {
  const std::string_view address = message.address;
  if (const auto id = desk_.table().find(address)) {
    if (!message.tags.empty()) return plan_set(message, {&*id, 1});
    const osc::ItemId item = *id;
    return plan_get(address, {&item, 1}, from, client);
  }
  if (const auto verb = osc::find_verb(address)) {
    osc::VerbRequest request;
    if (std::string reason = osc::parse_verb(*verb, message, request); !reason.empty()) {
      return refusal(address, std::move(reason));
    }
    if (plan_.verbs.size() == osc::kVerbsPerPacket) {
      return refusal(address,
                     "more than " + std::to_string(osc::kVerbsPerPacket) + " requests like this in one packet");
    }
    const std::size_t cost = *verb == osc::Verb::info       ? osc::kInfoAsValues
                             : *verb == osc::Verb::counters ? osc::kCountersAsValues
                                                            : 0;
    if (cost > 0 && !may_ask(cost, from, client)) return too_much(address, client);
    plan_.steps.push_back({.what = osc::Step::What::verb, .verb = plan_.verbs.size()});
    plan_.verbs.push_back(std::move(request));
    return {};
  }
  if (const auto readout = clients_.items().readouts().find(address)) {
    if (!message.tags.empty()) return refusal(address, "can be read, not set");
    const osc::ItemId item = clients_.items().of(*readout);
    return plan_get(address, {&item, 1}, from, client);
  }
  if (const auto command = find_command(address)) return plan_command(*command, message, from);
  if (is_pattern(address)) return plan_pattern(message, from, client);
  return refuse_unknown(address);
}

OscServer::Impl::Refused OscServer::Impl::plan_set(const MessageView& message, std::span<const ParameterId> ids) {
  if (message.tags.size() != 1) return refusal(message.address, "takes one value");
  const osc::Arguments arguments(message);
  if (!arguments.valid()) return refusal(message.address, "the arguments cannot be read");
  Value value;
  if (const char* reason = osc::to_value(arguments, 0, value)) return refusal(message.address, reason);
  if (plan_.changes.size() + ids.size() > osc::kMaxChangesPerPacket) {
    return refusal(message.address,
                   "more than " + std::to_string(osc::kMaxChangesPerPacket) + " changes in one packet");
  }
  for (const ParameterId id : ids) plan_.changes.push_back({id, value});
  return {};
}

OscServer::Impl::Refused OscServer::Impl::plan_pattern(const MessageView& message, ClientId from, Client* client) {
  const std::string_view address = message.address;
  if (!may_work(osc::Pool::pattern_work, from, client)) {
    return refusal(address, "too many patterns in this second; try again");
  }
  const std::vector<ParameterId> ids = desk_.table().match(address);
  const bool is_get = message.tags.empty();
  std::vector<osc::ItemId> items;
  if (is_get || ids.empty()) {
    items.assign(ids.begin(), ids.end());
    for (const ReadoutId id : clients_.items().readouts().match(address)) items.push_back(clients_.items().of(id));
  }
  // A walk of the tree costs even where nothing matches: 6 ns per address where a match costs 50 (bench/osc_cost).
  charge_work(osc::Pool::pattern_work, from, client,
              static_cast<double>(ids.size() + items.size()) + static_cast<double>(clients_.items().size()) / 8);
  if (ids.empty() && items.empty()) return refuse_unknown(address);
  if (!is_get) return ids.empty() ? refusal(address, "can be read, not set") : plan_set(message, ids);

  return plan_get(address, items, from, client);
}

OscServer::Impl::Refused OscServer::Impl::plan_command(const CommandCall& call, const MessageView& message,
                                                       ClientId from) {
  const Origin origin = clients_.origin_of(from);
  if (const Rights rights = desk_.rights_of(origin); !may_run(rights, call)) {
    desk_.note_refused(origin, message.address);
    return refusal(message.address, explain_refusal(rights));
  }
  const CommandRow& row = command_rows()[static_cast<std::size_t>(call.command)];
  const auto expected = [&] {
    return refusal(message.address,
                   row.arguments.empty() ? "takes no arguments" : "takes the arguments ," + std::string(row.arguments));
  };
  if (message.tags.size() != row.arguments.size()) {
    // Button pages of tablets send 1 on press and 0 on release, and cannot send nothing: a press is a go.
    const bool button = row.arguments.empty() && message.tags.size() == 1;
    if (!button) return expected();
  }
  const osc::Arguments arguments(message);
  osc::Step step{.what = osc::Step::What::command, .first = plan_.values.size()};
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    Value value;
    if (osc::to_value(arguments, i, value) != nullptr) return expected();
    if (row.arguments.empty()) {
      if (!fit('f', value)) return expected();
      if (std::get<float>(value) == 0) return {};  // released
      break;
    }
    if (!fit(row.arguments[i], value)) return expected();
    plan_.values.push_back(std::move(value));
  }
  if (++plan_.commands > osc::kVerbsPerPacket) {
    return refusal(message.address, "more than " + std::to_string(osc::kVerbsPerPacket) + " commands in one packet");
  }
  step.end = plan_.values.size();
  step.changes_before = plan_.changes.size();
  step.command = call;
  plan_.steps.push_back(step);
  plan_.changes_rights |= call.command == Command::login || call.command == Command::logout;
  return {};
}

OscServer::Impl::Refused OscServer::Impl::plan_get(std::string_view address, std::span<const osc::ItemId> items,
                                                   ClientId from, Client* client) {
  const bool known = client != nullptr;
  const int limit = known ? osc::kSubscriberValuesPerPacket : osc::kStrangerValuesPerPacket;
  if (plan_.items.size() + items.size() > static_cast<std::size_t>(limit)) {
    const std::string here = items.size() == 1 ? "" : "matches " + std::to_string(items.size()) + " addresses; ";
    return refusal(address,
                   here + "one packet may ask for " + std::to_string(limit) + (known ? "" : ", more after /subscribe"));
  }
  if (!may_ask(items.size(), from, client)) return too_much(address, client);
  const std::size_t first = plan_.items.size();
  plan_.items.insert(plan_.items.end(), items.begin(), items.end());
  plan_.steps.push_back({.what = osc::Step::What::get, .first = first, .end = plan_.items.size()});
  return {};
}

bool OscServer::Impl::may_work(osc::Pool pool, ClientId from, Client* client) {
  if (client == nullptr) return clients_.hosts().may_work(pool, from, now_ms_);
  return client->pattern_work.in_credit(now_ms_) && client->host.lease_pattern_work.in_credit(now_ms_);
}

void OscServer::Impl::charge_work(osc::Pool pool, ClientId from, Client* client, double work) {
  if (client == nullptr) return clients_.hosts().charge(pool, from, work, now_ms_);
  client->pattern_work.charge(work, now_ms_);
  client->host.lease_pattern_work.charge(work, now_ms_);
}

/// Whether this talker may be answered with so many values more; takes them from its allowance.
bool OscServer::Impl::may_ask(std::size_t values, ClientId from, Client* client) {
  const auto amount = static_cast<double>(values);
  if (client == nullptr) return clients_.hosts().take_values(from, amount, now_ms_);
  osc::Allowance& machine = client->host.lease_values;
  return machine.has(amount, now_ms_) && client->values.take(amount, now_ms_) && machine.take(amount, now_ms_);
}

OscServer::Impl::Refused OscServer::Impl::too_much(std::string_view address, const Client* client) {
  const char* way_out = client != nullptr ? "" : ", or /subscribe";
  return refusal(address, std::string("too many values asked for in this second; try again") + way_out);
}

OscServer::Impl::Refused OscServer::Impl::refuse_unknown(std::string_view address) {
  ++counters_.unknown_addresses;
  if (is_pattern(address)) return refusal(address, "matches no address");
  return refusal(address, {});  // the hint is looked up only if it is sent
}

OscServer::Impl::Refused OscServer::Impl::find_bad_change(ClientId from, std::size_t first, std::size_t end) const {
  const Rights rights = desk_.rights_of(clients_.origin_of(from));
  for (std::size_t i = first; i < end; ++i) {
    const Change& change = plan_.changes[i];
    const std::string& address = desk_.table()[change.id].address;
    std::string error;
    if (desk_.accept(rights, change, error)) continue;
    if (error.starts_with(address + ": ")) error.erase(0, address.size() + 2);
    return refusal(address, std::move(error));
  }
  return {};
}

}  // namespace fohd
