// What JACK servers (jackd2) that were killed leave in /dev/shm, and what it does to those who come after them.
//
// Their database of port names (Berkeley DB, one for each user) keeps the locks of whoever was killed while it held
// one, client or server. Then every client of that user waits in jack_client_open without end, whether a server runs or
// not, and so does each new jackd, which SIGTERM does not end. And a dead server's place among the machine's eight
// stays taken until a server of the same name comes. A server that ends well leaves neither.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/machine/system_files.h"

namespace fohd {

/// [any] The servers that run, of all users that we may see. One that has died and is still listed is none, nor is one
/// of a container, with another /dev/shm.
std::vector<machine::Process> jack_servers(const machine::SystemFiles& system);
/// [any] The server's name in a command line of jackd: "-n NAME", "-nNAME", "--name NAME" or "--name=NAME".
std::string jack_server_name(const std::string& command);
/// [any] The process that is the server of that name and user; id 0: there is none (or it is no jackd, as PipeWire).
machine::Process jack_server_called(const machine::SystemFiles& system, const std::string& name, uid_t user);

struct JackLeftovers {
  std::string database;             ///< its folder; empty: there is none, or a server of this user runs and has it
  std::vector<std::string> places;  ///< dead servers among the machine's eight, as "user-id:name"
  bool no_place_left = false;       ///< no server of a new name can start
};

/// [any] What could be removed now.
JackLeftovers jack_leftovers(const machine::SystemFiles& system, uid_t user);
/// [any] Removes it; touches nothing while a server of this user runs, and nothing of a server that lives. `removed`
/// gets a sentence's part for each thing. Returns what could not be done, or "".
std::string clear_jack_leftovers(const machine::SystemFiles& system, uid_t user, std::vector<std::string>& removed);

/// [any] Another number for another database of this user's servers; 0: there is none. libjack keeps the one that it
/// has opened, and a lock of that one, whatever becomes of it.
std::uint64_t jack_database_number() noexcept;
/// [any] Why jack_client_open is not to be called now: no server listens. It would have told the same, but it makes a
/// database to do so, and where it finds one that is wedged it does not return. "": call it. Removes what a dead server
/// has left; `removed` as above.
std::string why_not_open_jack(const std::string& server, std::vector<std::string>& removed);

}  // namespace fohd
