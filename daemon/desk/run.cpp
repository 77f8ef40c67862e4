#include "daemon/desk/run.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdlib>
#include <new>
#include <system_error>

#include "daemon/base/log.h"
#include "daemon/blackbox/black_box.h"
#include "daemon/desk/control_loop.h"
#include "daemon/machine/realtime_resources.h"
#include "daemon/store/state_choice.h"

namespace fohd {
namespace {

bool refuse(const std::string& text) {
  spdlog::error("{}", text);
  return false;
}

/// The configuration with what the command line says on top. False, with everything that is wrong logged.
bool make_config(const RunOptions& options, Config& config) {
  if (!options.config.empty()) {
    ConfigResult result = load_config(options.config);
    for (const ConfigError& error : result.errors) spdlog::error("{}", error.to_string());
    if (!result.errors.empty()) return refuse("The configuration is wrong, so the desk does not start");
    config = std::move(result.config);
  }
  if (!options.jack_server.empty()) config.audio.server = options.jack_server;
  if (options.osc_port != 0) config.osc.port = options.osc_port;
  if (config.audio.client == config.audio.server_name()) {
    // jackd keeps its socket under its name in /dev/shm; a client of that name would take its place.
    return refuse("The JACK client and the JACK server are both called \"" + config.audio.client +
                  "\", which breaks the server for everybody. Give one of them another name (`client` in [audio])");
  }
  return true;
}

/// A desk runs without any of it, only less reliably.
void prepare_machine(const Config& config) {
  if (const std::string why = lock_memory(); !why.empty()) {
    spdlog::warn("Memory is not locked: {}. What must come from a disk first may be a gap in the sound", why);
  }
  if (const std::string why = leave_cpus(config.audio.cpus); !why.empty()) {
    spdlog::warn("`cpus` in [audio] is not followed: {}", why);
  }
}

/// [box thread]
void log_trouble_of_box(EventLevel level, const std::string& text) {
  log_of(EventKind::start).log(level == EventLevel::info ? spdlog::level::info : spdlog::level::warn, "{}", text);
}

/// However the desk ends, what it has logged is written.
struct LogEnd {
  ~LogEnd() { finish_log(); }
};

}  // namespace

int run(const RunOptions& options) {
  share_memory_pool();
  BlackBox box;  // ends after the log, which passes every line to it
  set_up_log(options.meters, STDERR_FILENO,
             [&box](EventKind kind, EventLevel level, std::string_view text) { box.note(kind, level, text); });
  const LogEnd log_end;
  box.note(EventKind::start, EventLevel::info, "fohd " FOHD_VERSION ", process " + std::to_string(::getpid()));
  try {
    Config config;
    if (!make_config(options, config)) return kExitBadInput;
    StateChoice choice = choose_state(options.state, options.state_dir,
                                      !config.state_folder.empty() ? config.state_folder : default_state_folder());
    if (!choice.refusal.empty()) {
      spdlog::error("{}", choice.refusal);
      return kExitBadInput;
    }
    if (choice.keep.empty())
      spdlog::info("Changes of the mix are not kept: --state is a file and there is no --state-dir");
    box.keep_in(choice.keep.empty() ? "" : choice.keep + "/blackbox", log_trouble_of_box);
    prepare_machine(config);
    // RtMidi asks for the default server, whatever ours is called. No other thread reads the environment yet.
    ::setenv("JACK_DEFAULT_SERVER", config.audio.server_name().c_str(), 1);
    ControlLoop loop(std::move(config), options, std::move(choice.stored), choice.keep, box);
    loop.run();
    return kExitOk;
  } catch (const FileError& error) {
    spdlog::error("{}", error.what());
    return kExitBadInput;
  } catch (const std::bad_alloc&) {
    spdlog::error("The desk cannot run: there is not enough memory (is it limited? ulimit -v)");
    return kExitCouldNotRun;
  } catch (const std::system_error& error) {
    const bool no_thread = error.code() == std::errc::resource_unavailable_try_again;
    spdlog::error(
        "The desk cannot run: {}{}", error.what(),
        no_thread ? " (no thread can be started; are memory or processes limited? ulimit -v, ulimit -u)" : "");
    return kExitCouldNotRun;
  } catch (const std::exception& error) {
    spdlog::error("The desk cannot run: {}", error.what());
    return kExitCouldNotRun;
  }
}

}  // namespace fohd
