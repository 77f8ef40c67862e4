// Lines that answer a command, on their way to the client that sent it, whichever door it came through.
#pragma once

#include <span>
#include <string>

#include "control/desk/origin.h"
#include "control/parameters/parameter.h"

namespace fohd {

/// [control]
class Answers {
 public:
  virtual ~Answers() = default;
  /// Whether lines can be brought to this client: a button shows none.
  virtual bool can_tell(const Origin& client) const = 0;
  /// Sends a client values at the address of a command. False: it is gone, or may not ask for more in this second, and
  /// the line is lost.
  virtual bool tell(const Origin& client, const std::string& address, std::span<const Value> values) = 0;

  bool tell(const Origin& client, const std::string& address, const std::string& text) {
    const Value value(text);
    return tell(client, address, {&value, 1});
  }
};

}  // namespace fohd
