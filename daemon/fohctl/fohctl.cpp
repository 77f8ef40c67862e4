#include "daemon/fohctl/fohctl.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <functional>
#include <ostream>
#include <utility>

#include "daemon/fohctl/commands.h"
#include "daemon/fohctl/latency_options.h"
#include "daemon/fohctl/log.h"
#include "daemon/fohctl/value_text.h"

namespace fohd::ctl {
namespace {

struct Line {
  std::string host = "127.0.0.1";
  int port = 9000;
  int timeout_ms = 1000;
  std::string address, value;
  std::vector<std::string> patterns, arguments;
  bool only_value = false, as_text = false;
  double seconds = 0;
  MeterOptions meters;
  LatencyOptions latency;
  LogOptions log;
};

/// What the parsed line asks for, given a connection or without one.
struct Chosen {
  std::function<int(Session&)> with_desk;
  bool latency = false, box_folder = false;
};

/// Words that need no quotes on the command line.
std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

CLI::App* command(CLI::App& app, const char* name, const char* what, const char* example) {
  CLI::App* added = app.add_subcommand(name, what);
  added->footer(std::string("Example: ") + example);
  return added;
}

void add_value_commands(CLI::App& app, Line& line, Chosen& chosen) {
  CLI::App* c = command(app, "get", "Print a value, or all that a pattern matches", "fohctl get '/ch/*/fader'");
  c->add_option("ADDRESS", line.address, "Such as /ch/1/fader; patterns in quotes")->required();
  c->add_flag("-v,--value", line.only_value, "Print the value without its address");
  c->callback([&] { chosen.with_desk = [&](Session& s) { return get(s, line.address, line.only_value); }; });

  c = command(app, "set", "Set a value and print what it became", "fohctl set /ch/1/fader -6.0");
  c->add_option("ADDRESS", line.address, "Such as /ch/1/fader; patterns in quotes")->required();
  c->add_option("VALUE", line.value, "A number in the parameter's unit, on, off, a name of a choice, or text")
      ->required();
  c->add_flag("--text", line.as_text, "VALUE is text even if it looks like a number");
  c->callback([&] { chosen.with_desk = [&](Session& s) { return set(s, line.address, line.value, line.as_text); }; });

  c = command(app, "do", "Carry out a command of the desk", "fohctl do /start/release");
  c->add_option("ADDRESS", line.address, "Such as /start/release")->required();
  c->add_option("ARGUMENT", line.arguments, "What the command takes");
  c->callback([&] { chosen.with_desk = [&](Session& s) { return carry_out(s, line.address, line.arguments); }; });

  c = command(app, "list", "Print all addresses with their values", "fohctl list /ch/1");
  c->add_option("PATTERN", line.patterns, "Only what begins like this; several are possible");
  c->callback([&] { chosen.with_desk = [&](Session& s) { return list(s, line.patterns); }; });

  c = command(app, "info", "Print what the desk says about itself", "fohctl --host 192.168.1.20 info");
  c->callback([&] { chosen.with_desk = [](Session& s) { return info(s); }; });
}

void add_live_commands(CLI::App& app, Line& line, Chosen& chosen) {
  CLI::App* c = command(app, "watch", "Print every change until Ctrl-C", "fohctl watch '/ch/*/mute' /main");
  c->add_option("PATTERN", line.patterns, "Only what begins like this; several are possible");
  c->add_option("--seconds", line.seconds, "End after so long")->check(CLI::PositiveNumber);
  c->callback([&] { chosen.with_desk = [&](Session& s) { return watch(s, line.patterns, line.seconds); }; });

  c = command(app, "meters", "Show the meters until Ctrl-C", "fohctl meters --seconds 10");
  c->add_option("--seconds", line.meters.seconds, "End after so long")->check(CLI::PositiveNumber);
  c->add_option("--interval", line.meters.interval_ms, "Milliseconds between two pictures")
      ->capture_default_str()
      ->check(CLI::Range(20, 1000));
  c->add_flag("--plain", line.meters.plain,
              "Lines of dB for a program: pre peak, pre RMS, post peak, post RMS; so it is too without a terminal");
  c->callback([&] { chosen.with_desk = [&](Session& s) { return meters(s, line.meters); }; });
}

void add_midi_commands(CLI::App& app, Line& line, Chosen& chosen) {
  CLI::App* group = command(app, "midi", "Control surfaces: which are there, what their controls do, MIDI learn",
                            "fohctl midi learn /ch/1/fader");
  group->require_subcommand(1);
  CLI::App* c =
      command(*group, "list", "Print the devices that are there, or all controls of one", "fohctl midi list x-touch");
  c->add_option("DEVICE", line.value, "A name that the list without it shows");
  c->callback([&] { chosen.with_desk = [&](Session& s) { return midi_list(s, line.value); }; });

  c = command(*group, "learn", "The control that is moved next does this from then on",
              "fohctl midi learn /ch/1/mute\n         fohctl midi learn bank right");
  c->add_option("TARGET", line.arguments,
                "An address, or what a profile may say: select, bank right, strip pan, layer 2")
      ->required();
  c->callback([&] { chosen.with_desk = [&](Session& s) { return midi_learn(s, joined(line.arguments)); }; });

  c = command(*group, "forget", "Forget what was learned", "fohctl midi forget /ch/1/mute");
  c->add_option("WHAT", line.arguments, "What it does, its message (such as cc 7 ch 1), or all")->required();
  c->callback([&] { chosen.with_desk = [&](Session& s) { return midi_forget(s, joined(line.arguments)); }; });

  c = command(*group, "save", "Keep what was learned, as a device profile of one's own",
              "fohctl midi save my-pads --device nanokontrol2");
  c->add_option("NAME", line.value, "Of the profile: letters, digits, - and _")->required();
  c->add_option("--device", line.address, "Where it was learned, if on more than one");
  c->callback([&] { chosen.with_desk = [&](Session& s) { return midi_save(s, line.value, line.address); }; });

  c = command(*group, "monitor", "Print what surfaces send, what it did and what is sent back, until Ctrl-C",
              "fohctl midi monitor --seconds 30");
  c->add_option("--seconds", line.seconds, "End after so long")->check(CLI::PositiveNumber);
  c->callback([&] { chosen.with_desk = [&](Session& s) { return midi_monitor(s, line.seconds); }; });

  c = command(*group, "spill", "All surfaces show just these strips, until the next view, layer or spill",
              "fohctl midi spill /ch/1 '/ch/[5-8]' /bus/2");
  c->add_option("STRIP", line.patterns, "Such as /ch/1 or /bus/2; patterns in quotes")->required();
  c->callback([&] { chosen.with_desk = [&](Session& s) { return midi_spill(s, line.patterns); }; });
}

void add_access_commands(CLI::App& app, Line& line, Chosen& chosen) {
  CLI::App* c =
      command(app, "approve", "Let a machine in, over restarts too", "fohctl approve 192.168.1.20 monitor 1 2");
  c->add_option("ADDRESS", line.address, "Its IPv4 address; fohctl access shows who was heard")->required();
  c->add_option("ROLE", line.arguments, "engineer (if nothing is said), viewer, or monitor and its buses");
  c->callback([&] {
    chosen.with_desk = [&](Session& s) {
      return approve(s, line.address, line.arguments.empty() ? "engineer" : joined(line.arguments));
    };
  });
  c = command(app, "revoke", "Take back what was approved or logged in", "fohctl revoke 192.168.1.20");
  c->add_option("ADDRESS", line.address, "Its IPv4 address")->required();
  c->callback([&] { chosen.with_desk = [&](Session& s) { return revoke(s, line.address); }; });
  c = command(app, "access", "Print who may do what, and who was heard", "fohctl access");
  c->callback([&] { chosen.with_desk = access_list; });
  c = command(app, "login", "Give this machine the rights of a key. It is asked for, and not shown",
              "fohctl --host 192.168.1.10 login");
  c->add_option("--key-file", line.value, "Read the key from the first line of a file instead");
  c->callback([&] { chosen.with_desk = [&](Session& s) { return login(s, line.value); }; });
  c = command(app, "logout", "Give back what login gave", "fohctl logout");
  c->callback([&] { chosen.with_desk = logout; });
}

void add_log_commands(CLI::App& app, Line& line, Chosen& chosen) {
  CLI::App* c =
      command(app, "log", "Print what happened: the black box of a desk, or of one that does not run any more",
              "fohctl log --since 1h --kind xrun,jack\n         fohctl log --state ~/.local/state/fohd");
  c->add_option_function<std::string>(
      "--since",
      [&](const std::string& text) {
        if (const std::string why = parse_since(text, line.log.since_s); !why.empty())
          throw CLI::ValidationError("--since", why);
      },
      "Only so long before the last line, such as 90s, 30m, 12h or 2d");
  c->add_option_function<std::string>(
      "--kind",
      [&](const std::string& text) {
        if (const std::string why = parse_kinds(text, line.log.kinds); !why.empty())
          throw CLI::ValidationError("--kind", why);
      },
      "Only what is about this, such as xrun or xrun,jack");
  CLI::Option* folder = c->add_option("--state", line.log.folder, "Read a state folder; no desk is asked");
  c->add_flag("--follow", line.log.follow, "Then print what comes, until Ctrl-C")->excludes(folder);
  c->callback([&] {
    chosen.box_folder = !line.log.folder.empty();
    chosen.with_desk = [&](Session& s) { return log(s, line.log); };
  });

  c = command(app, "metrics", "Print the metrics as Prometheus reads them", "fohctl metrics | grep xruns");
  c->callback([&] { chosen.with_desk = metrics; });
}

void add_latency_command(CLI::App& app, Line& line, Chosen& chosen) {
  CLI::App* group = command(app, "latency", "Measure how long sound takes",
                            "fohctl latency measure --out fohd:in_1 --in fohd:main_l");
  group->require_subcommand(1);
  CLI::App* c = command(*group, "measure",
                        "Send impulses into one JACK port and time their arrival at another.\n"
                        "Through hardware this is a click: turn amplifiers down",
                        "fohctl latency measure --out system:playback_1 --in system:capture_1");
  add_latency_options(*c, line.latency);
  c->callback([&] { chosen.latency = true; });
}

/// CLI11 takes "-6.0" for an option. From the first negative number on, nothing is one.
void protect_negative_numbers(std::vector<std::string>& arguments) {
  if (std::find(arguments.begin(), arguments.end(), "--") != arguments.end()) return;
  const auto command =
      std::find_if(arguments.begin(), arguments.end(), [](const std::string& a) { return a == "set" || a == "do"; });
  const auto negative = std::find_if(command, arguments.end(), [](const std::string& a) {
    return a == "-inf" ||
           (a.size() > 1 && a[0] == '-' && (std::isdigit(static_cast<unsigned char>(a[1])) || a[1] == '.'));
  });
  if (negative == arguments.end()) return;
  const auto is_option = [](const std::string& a) { return a.starts_with("--"); };
  arguments.insert(std::stable_partition(negative, arguments.end(), is_option), "--");
}

/// How many letters must be typed, left out or changed to make `b` of `a` (Levenshtein's distance).
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
    }
  }
  return row[b.size()];
}

/// "" if the command that `arguments` name exists or none is named, else a sentence with the nearest that does.
std::string unknown_command(CLI::App& app, const std::vector<std::string>& arguments) {
  std::size_t at = 0;
  while (at < arguments.size() && arguments[at].starts_with('-')) {
    const std::string& option = arguments[at];
    at += option == "--host" || option == "--port" || option == "--timeout" ? 2 : 1;
  }
  if (at >= arguments.size()) return "";
  const std::string& typed = arguments[at];
  std::string nearest, all;
  std::size_t least = 3;  // beyond two letters a guess is more likely wrong than right
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    const std::string& name = command->get_name();
    if (name == typed) return "";
    all += (all.empty() ? "" : ", ") + name;
    if (const std::size_t here = distance(typed, name); here < least) least = here, nearest = name;
  }
  return "there is no command \"" + printable(typed) + "\"; " +
         (nearest.empty() ? "there are " + all : "did you mean " + nearest + "?");
}

void look_at_terminal(MeterOptions& options) {
  winsize size = {};
  if (::isatty(STDOUT_FILENO) == 0 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return;
  options.columns = size.ws_col;
  options.rows = size.ws_row;
}

}  // namespace

int run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err, const Flag& stop) {
  Line line;
  Chosen chosen;
  CLI::App app("The fohd mixing console from a terminal or a script.", "fohctl");
  app.footer(
      "Example: fohctl set /ch/1/mute on\n"
      "Exit codes: 0 done, 1 the desk refused, 2 no answer, 3 wrong command line, 4 the output cannot be written.\n"
      "fohctl COMMAND --help says more.");
  app.add_option("--host", line.host, "Where the desk is")->capture_default_str();
  app.add_option("--port", line.port, "Its OSC port")->capture_default_str()->check(CLI::Range(1, 65535));
  app.add_option("--timeout", line.timeout_ms, "Milliseconds to wait for an answer")
      ->capture_default_str()
      ->check(CLI::Range(1, 600000));
  app.set_version_flag("--version", "fohctl " FOHD_VERSION);
  app.require_subcommand(1);
  add_value_commands(app, line, chosen);
  add_live_commands(app, line, chosen);
  add_midi_commands(app, line, chosen);
  add_access_commands(app, line, chosen);
  add_latency_command(app, line, chosen);
  add_log_commands(app, line, chosen);
  try {
    if (const std::string problem = unknown_command(app, arguments); !problem.empty()) {
      err << "fohctl: " << problem << "\n";
      return kUsage;
    }
    protect_negative_numbers(arguments);
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return app.exit(error, out, err) == 0 ? kOk : kUsage;
  }
  if (chosen.latency) return become_fohd_latency(line.latency, err);
  if (chosen.box_folder) return log_of_folder(line.log, out, err);
  std::string problem;
  const auto connection = OscConnection::open(line.host, line.port, problem);
  if (!connection) {
    err << "fohctl: " << problem << "\n";
    return kNoAnswer;
  }
  look_at_terminal(line.meters);
  Session session{*connection, out, err, line.timeout_ms / 1000.0, stop};
  const int code = chosen.with_desk(session);
  out.flush();  // a full disk shows only now
  if (out.good()) return code;
  err << "fohctl: the output cannot be written, some of it is missing\n";
  return kNoOutput;
}

}  // namespace fohd::ctl
