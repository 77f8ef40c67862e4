// The sound cards, the JACK server on them, and MIDI devices.
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "daemon/doctor/checks.h"
#include "daemon/doctor/remedies.h"
#include "daemon/doctor/subject.h"
#include "daemon/jack/jack_leftovers.h"

namespace fohd::doctor {
namespace {

using Answer = JackSurvey::Answer;

/// Above it the peaks between two looks come close to a whole period.
constexpr double kMuchLoad_percent = 70;
/// A microphone comes out of a loudspeaker two or three periods later: with more, singers hear themselves as an echo.
constexpr double kLongPeriod_ms = 10;

std::string with_decimals(double value, int decimals) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

/// The process that is the configured server; id 0: it was not found (PipeWire, or it is not shown to us).
Process our_server(const Machine& machine) {
  for (const Process& server : jack_servers(machine)) {
    if (jack_server_name(server.command) == machine.config.audio.server_name()) return server;
  }
  return {};
}

struct Card {
  int number = 0;
  std::string id, name;
};

/// " 1 [M4             ]: USB-Audio - M4"
std::vector<Card> cards(const Machine& machine) {
  std::vector<Card> found;
  for (const std::string& line : lines_of(read(machine, "/proc/asound/cards"))) {
    const std::size_t open = line.find(" ["), close = line.find("]: ");
    if (open == std::string::npos || close == std::string::npos || close < open) continue;
    Card card;
    card.number = to_number(line.substr(0, open));
    card.id = line.substr(open + 2, close - open - 2);
    card.id.erase(card.id.find_last_not_of(' ') + 1);
    const std::size_t dash = line.find(" - ", close);
    card.name = dash == std::string::npos ? line.substr(close + 3) : line.substr(dash + 3);
    found.push_back(card);
  }
  return found;
}

/// A Raspberry Pi's and a PC's screen and headphone outputs: no stage is connected to them.
bool is_built_in_output(const Card& card) {
  const std::string text = card.id + " " + card.name;
  return text.find("HDMI") != std::string::npos || text.find("hdmi") != std::string::npos ||
         text.find("bcm2835") != std::string::npos;
}

/// "44100 to 192000 Hz" of the rates in /proc/asound/cardN/stream0, which USB interfaces have; "" without.
std::string usb_rates(const Machine& machine, const std::string& folder) {
  long lowest = 0, highest = 0;
  for (const std::string& line : lines_of(read(machine, folder + "/stream0"))) {
    const std::size_t at = line.find("Rates: ");
    if (at == std::string::npos) continue;
    std::string numbers = line.substr(at + 7);
    std::replace_if(
        numbers.begin(), numbers.end(), [](unsigned char c) { return std::isdigit(c) == 0; }, ' ');
    std::istringstream words(numbers);
    for (long rate = 0; words >> rate;) {
      lowest = lowest == 0 ? rate : std::min(lowest, rate);
      highest = std::max(highest, rate);
    }
  }
  if (highest == 0) return "";
  if (lowest == highest) return "USB, " + std::to_string(lowest) + " Hz";
  return "USB, " + std::to_string(lowest) + " to " + std::to_string(highest) + " Hz";
}

/// "runs at 48000 Hz, 3 periods of 64" of the first of the card's streams that is open; "not in use" if none is.
std::string what_runs(const Machine& machine, const std::string& folder) {
  for (const std::string& pcm : list(machine, folder, "pcm")) {
    long rate = 0, period = 0, buffer = 0;
    for (const std::string& line : lines_of(read(machine, folder + "/" + pcm + "/sub0/hw_params"))) {
      std::istringstream fields(line);
      std::string key;
      long value = 0;
      if (!(fields >> key >> value)) continue;
      if (key == "rate:") rate = value;
      if (key == "period_size:") period = value;
      if (key == "buffer_size:") buffer = value;
    }
    if (rate == 0) continue;
    std::string text = "runs at " + std::to_string(rate) + " Hz";
    if (period > 0) text += ", " + std::to_string(buffer / period) + " periods of " + std::to_string(period);
    return text;
  }
  return "not in use";
}

/// The package's server: its journal has the reason why it is not there.
std::string restart_jack_unit(const Machine& machine) {
  if (jack_unit_is_masked(machine)) {
    return "start your own JACK server again (fohd-jack is masked), or: sudo systemctl unmask --now fohd-jack";
  }
  return "sudo systemctl restart fohd-jack\njournalctl -u fohd-jack -n 40";
}

/// Whether a card is there that /etc/default/fohd-jack names as "hw:CARD=M4", "hw:CARD=M4,DEV=0", "hw:M4" or "hw:1".
bool has_card(const Machine& machine, const std::string& device) {
  std::string wanted = device.substr(device.find(':') + 1);
  if (wanted.starts_with("CARD=")) wanted = wanted.substr(5);
  wanted = wanted.substr(0, wanted.find(','));
  const std::vector<Card> found = cards(machine);
  return std::any_of(found.begin(), found.end(),
                     [&](const Card& card) { return card.id == wanted || std::to_string(card.number) == wanted; });
}

/// How to have a server, on the interface that is there; `stale`: a process that is to go first, 0: none.
std::string start_server(const Machine& machine, int stale = 0) {
  const std::string name = machine.config.audio.server_name();
  std::string card_id = "NAME", text;
  for (const Card& card : cards(machine)) {
    if (is_built_in_output(card)) continue;
    card_id = card.id;
    break;
  }
  if (card_id == "NAME") text = "plug an audio interface in; cat /proc/asound/cards tells its NAME\n";
  if (has_jack_unit(machine)) return text + change_jack(machine, "DEVICE=hw:CARD=" + card_id, "-d hw:CARD=" + card_id);
  if (stale != 0) text += "kill -TERM " + std::to_string(stale) + "\n";
  return text + "jackd " + (name == "default" ? "" : "-n " + name + " ") + "-R -P 70 -d alsa -d hw:CARD=" + card_id +
         " -r 48000 -p 64 &";
}

/// As the user whose server it was.
std::string clear_command(const Machine& machine) {
  const bool another = machine.subject.is_desk() && machine.root_asks && machine.user_id != 0;
  return (another ? "sudo -u " + machine.user + " " : "") + "fohd clear-jack";
}

/// No server runs, and yet nobody who looks for one gets an answer.
Finding explain_database(const Machine& machine, const std::string& database) {
  return {Level::fail, "JACK server",
          "No JACK server \"" + machine.config.audio.server_name() + "\" runs, and " + database +
              ", which a killed one has left, holds up for ever whoever looks for one, each new server too.",
          has_jack_unit(machine) && !jack_unit_is_masked(machine)
              ? "sudo systemctl restart fohd-jack"  // it removes that
              : clear_command(machine) + "\n" + start_server(machine)};
}

Finding explain_no_server(const Machine& machine) {
  const std::string name = machine.config.audio.server_name();
  Finding finding{Level::fail, "JACK server",
                  "No JACK server \"" + name + "\" lets us in: the desk can be moved but makes no sound.",
                  start_server(machine)};
  const std::vector<Process> servers = jack_servers(machine);
  if (has_jack_unit(machine)) {
    const std::string device = jack_setting(machine, "DEVICE");
    const bool missing = device.starts_with("hw:") && !has_card(machine, device) && !jack_unit_is_masked(machine);
    if (missing) {
      finding.text += " /etc/default/fohd-jack names " + device + ", which is not there: it is waited for.";
    } else {
      finding.remedy = restart_jack_unit(machine);
    }
  }
  if (const JackLeftovers left = jack_leftovers(machine, machine.user_id); left.no_place_left && !left.places.empty()) {
    finding.text += " The machine's eight places for servers are taken, " + std::to_string(left.places.size()) +
                    " of them by dead ones: no server of a new name can start.";
    finding.remedy = clear_command(machine) + "\n" + finding.remedy;
  }
  if (servers.empty()) return finding;
  const Process& other = servers.front();
  const std::string other_name = jack_server_name(other.command);
  finding.text += " " + other.name + " runs (process " + std::to_string(other.id) + "), ";
  if (other_name == name && owner_of(machine, other.id) == machine.user_id) {
    finding.text += "but has just begun or is about to end.";
    if (!has_jack_unit(machine)) finding.remedy = "once more: fohd doctor";
  } else if (other_name == name && !machine.subject.service_text.empty()) {
    if (machine.subject.kind == Subject::Kind::visitor) finding.level = Level::note;
    finding.text = other.name + " runs (process " + std::to_string(other.id) + ") as user " +
                   user_name(machine, owner_of(machine, other.id)) + " and lets in that user only.";
    finding.remedy = "sudo fohd doctor";
  } else if (other_name == name && has_jack_unit(machine)) {
    finding.text += "but as another user; so it is not the service's.";
    finding.remedy = "ps -o user,pid,args -p " + std::to_string(other.id) +
                     "\nend it where it was started, then: sudo systemctl restart fohd-jack";
  } else if (other_name == name) {
    finding.text += "but as another user, or it has just begun or is about to end.";
    finding.remedy = "ps -o user,pid,args -p " + std::to_string(other.id) + "\nstart the desk as the user shown there";
  } else {
    finding.text += "but is called \"" + other_name + "\".";
    finding.remedy = "server = \"" + other_name + "\" under [audio] in the configuration";
  }
  return finding;
}

/// What the desk would look at, each name once, without its own.
std::vector<std::string> midi_devices(const Machine& machine, bool alsa) {
  std::vector<std::string> devices;
  const auto add = [&](const std::string& name) {
    if (std::find(devices.begin(), devices.end(), name) == devices.end()) devices.push_back(name);
  };
  const std::string& own = machine.config.audio.client;
  if (!alsa) {
    for (const std::string& port : machine.jack.midi_ports) {
      if (!port.starts_with(own + ":")) add(port);
    }
    return devices;
  }
  // Client  20 : "nanoKONTROL2" [Kernel]
  for (const std::string& line : lines_of(read(machine, "/proc/asound/seq/clients"))) {
    const std::size_t open = line.find('"'), close = line.rfind('"');
    if (!line.starts_with("Client ") || open == close) continue;
    const std::string name = line.substr(open + 1, close - open - 1);
    if (name != "System" && name != "Midi Through" && name != own) add(name);
  }
  return devices;
}

}  // namespace

std::optional<Finding> check_jack_server(const Machine& machine) {
  const std::string name = machine.config.audio.server_name();
  Finding finding{Level::ok, "JACK server", "", ""};
  if (machine.config.audio.client == name) {
    // jackd keeps its socket under its name in /dev/shm; a client of that name takes its place.
    return Finding{Level::fail, finding.title,
                   "The server and the desk's JACK client are both called \"" + name +
                       "\", which breaks the server for everybody; the desk does not start.",
                   "client = \"fohd\" (or any other name) under [audio] in the configuration"};
  }
  if (machine.jack.answer == Answer::no_server) return explain_no_server(machine);
  if (machine.jack.answer == Answer::silent) {
    const JackLeftovers left = jack_leftovers(machine, machine.user_id);
    if (!left.database.empty()) return explain_database(machine, left.database);
    const Process server = our_server(machine);
    const std::string who = server.id != 0 ? std::to_string(server.id) : "$(pidof jackd)";
    return Finding{
        Level::fail, finding.title,
        "The JACK server \"" + name + "\" is there but does not answer: it hangs, and no sound comes through it.",
        has_jack_unit(machine) ? restart_jack_unit(machine)
                               : "kill -KILL " + who + "\n" + clear_command(machine) + "\n" + start_server(machine)};
  }
  const JackSurvey& jack = machine.jack;
  const double period_ms = jack.rate_hz > 0 ? 1000.0 * jack.period_frames / jack.rate_hz : 0;
  finding.text = "\"" + name + "\" runs at " + std::to_string(jack.rate_hz) + " Hz with periods of " +
                 std::to_string(jack.period_frames) + " frames (" + with_decimals(period_ms, 1) + " ms)";
  if (!jack.device.empty()) finding.text += " on " + jack.device;
  finding.text += ".";
  if (jack.playback_ports == 0 || our_server(machine).command.find("-d dummy") != std::string::npos) {
    finding.level = Level::warn;
    finding.text += " But it has no sound card: nothing of it is heard.";
    finding.remedy = start_server(machine, our_server(machine).id);
  } else if (period_ms > kLongPeriod_ms) {
    finding.level = Level::note;
    finding.text += " That is long: who sings hears himself as an echo.";
    finding.remedy = change_jack(machine, "PERIOD=128", "-p 128 or less");
  }
  return finding;
}

std::optional<Finding> check_jack_realtime(const Machine& machine) {
  if (machine.jack.answer != Answer::answers) return std::nullopt;
  Finding finding{Level::ok, "JACK real-time", "", ""};
  const Process server = our_server(machine);
  const std::string folder = "/proc/" + std::to_string(server.id) + "/task";
  const bool seen = server.id != 0 && !list(machine, folder).empty();
  const int priority = seen ? realtime_priority(machine, server.id) : 0;
  if (!machine.jack.realtime) {
    finding.level = Level::warn;
    finding.text = "The server runs without real-time priority (its option -r): any other program may hold audio up.";
    finding.remedy = change_jack(machine, "no -r in SERVER_OPTIONS", "-R -P 70 in place of -r");
  } else if (seen && priority == 0) {
    // jackd goes on without, and reports itself as real-time all the same.
    finding.level = Level::warn;
    finding.text = "The server asks for real-time priority, but none of its threads was granted it.";
    finding.remedy = has_jack_unit(machine) && !jack_unit_is_masked(machine)
                         ? raise_unit_limits("fohd-jack") + "\nwhere that does not help: journalctl -u fohd-jack -n 40"
                         : "as the user who starts jackd, mend \"Real-time priority\" above, then start jackd again";
  } else if (seen) {
    finding.text = "The server's threads run with priority " + std::to_string(priority) + ".";
  } else {
    finding.text = "The server says that it runs with real-time priority.";
  }
  return finding;
}

std::optional<Finding> check_jack_load(const Machine& machine) {
  const JackSurvey& jack = machine.jack;
  if (jack.answer != Answer::answers) return std::nullopt;
  Finding finding{Level::ok, "JACK load", "", ""};
  if (!jack.measured) {
    finding.level = Level::note;
    finding.text = "It could not be measured in time: the server is slow to answer, or it freewheels.";
    return finding;
  }
  finding.text = with_decimals(jack.load_percent, 1) + " % of a period at most in " +
                 with_decimals(jack.measured_s, 1) + " s, and " +
                 (jack.xruns == 0 ? "no" : std::to_string(jack.xruns)) +
                 (jack.xruns == 1 ? " drop-out." : " drop-outs.");
  if (jack.xruns > 0) {
    finding.level = Level::warn;
    finding.text += " A show wants none: each is a click in the hall.";
  } else if (jack.load_percent > kMuchLoad_percent) {
    finding.level = Level::warn;
    finding.text += " That leaves little for a busy moment.";
  }
  if (finding.level != Level::ok) {
    const std::string twice = std::to_string(jack.period_frames * 2);
    finding.remedy =
        change_jack(machine, "PERIOD=" + twice, "-p " + twice) + "\nor end what else runs here (top shows it)";
  }
  return finding;
}

std::optional<Finding> check_interfaces(const Machine& machine) {
  Finding finding{Level::ok, "Audio interfaces", "", ""};
  const std::vector<Card> found = cards(machine);
  bool for_a_stage = false;
  for (const Card& card : found) {
    const std::string folder = "/proc/asound/card" + std::to_string(card.number);
    const std::string rates = usb_rates(machine, folder);
    finding.text += (finding.text.empty() ? "" : " ") + card.id + " (" + card.name +
                    "): " + (rates.empty() ? "" : rates + ", ") + what_runs(machine, folder) + ".";
    for_a_stage = for_a_stage || !is_built_in_output(card);
  }
  if (for_a_stage) return finding;
  finding.level = Level::warn;
  finding.text += found.empty() ? "The system has no sound card, so nothing is heard and no microphone comes in."
                                : " These are the machine's own outputs; none has microphones.";
  finding.remedy = "plug an audio interface in, then: cat /proc/asound/cards";
  return finding;
}

std::optional<Finding> check_midi(const Machine& machine) {
  const MidiConfig& midi = machine.config.midi;
  Finding finding{Level::ok, "MIDI devices", "", ""};
  if (midi.api == MidiApi::off) {
    finding.text = "Control surfaces are switched off in the configuration.";
    return finding;
  }
  const bool sequencer = exists(machine, "/dev/snd/seq");
  const bool alsa = midi.api == MidiApi::alsa || (midi.api == MidiApi::automatic && sequencer);
  const std::vector<std::string> devices = midi_devices(machine, alsa);
  const std::string where = alsa ? "ALSA" : "JACK";
  if (alsa && !sequencer) {
    finding.level = Level::warn;
    finding.text = "The configuration wants ALSA, but the kernel's sequencer is not there: no surface is found.";
    finding.remedy = "sudo modprobe snd_seq && echo snd_seq | sudo tee /etc/modules-load.d/snd_seq.conf";
  } else if (!devices.empty()) {
    finding.text = "Over " + where + ": " + enumerate(devices) + ". fohctl midi tells which the desk knows.";
  } else if (!alsa && machine.jack.answer != Answer::answers) {
    finding.text = "They are looked for over JACK, so they are not known without its server.";
  } else {
    const bool wanted = !midi.surfaces.empty() || !midi.devices.empty();
    finding.level = wanted ? Level::warn : Level::ok;
    finding.text = std::string("None over ") + where + (wanted ? ", though the configuration names some." : ".");
    if (wanted)
      finding.remedy = alsa ? "plug them in, then: cat /proc/asound/seq/clients" : "jack_lsp -t | grep -B1 midi";
  }
  return finding;
}

}  // namespace fohd::doctor
