#include "daemon/config/config.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "daemon/config/connect_rules.h"

using namespace fohd;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> errors_of(const std::string& text) {
  std::vector<std::string> texts;
  for (const ConfigError& error : parse_config(text, "x.toml").errors) texts.push_back(error.to_string());
  return texts;
}

}  // namespace

TEST_CASE("config: an empty file is the default desk", "[daemon][config]") {
  const ConfigResult result = parse_config("", "x.toml");
  REQUIRE(result.errors.empty());
  CHECK(result.config.geometry == Geometry{});
  CHECK(result.config.osc.port == 9000);
  CHECK(result.config.osc.address == "0.0.0.0");
  CHECK_FALSE(result.config.start);
  CHECK(result.config.audio.client == "fohd");
  CHECK(result.config.audio.connect == AudioConfig::default_connect_rules());
}

TEST_CASE("config: every key that is written is read", "[daemon][config]") {
  const ConfigResult result = parse_config(R"(
[desk]
name = "Big Top"
start = "live"
[geometry]
inputs = 8
buses = 4
[osc]
address = "192.168.1.5"
port = 9100
receive_buffer_bytes = 1048576
[audio]
client = "desk"
server = "rack"
connect = [{ from = "a:b", to = "in_1" }]
cpus = [2, 3]
[panic]
gpio_chip = "/dev/gpiochip4"
gpio_line = 17
gpio_active_low = false
[metrics]
http_port = 9464
[state]
folder = "/mnt/mix"
[recorder]
format = "float32"
reserve_bytes = 4000000
[render]
rate_hz = 96000
)",
                                           "x.toml");
  REQUIRE(result.errors.empty());
  const Config& config = result.config;
  CHECK(config.desk == "Big Top");
  CHECK(config.audio.cpus == std::vector<int>{2, 3});
  CHECK(config.metrics.http_port == 9464);
  CHECK(config.panic_button == PanicButtonConfig{"/dev/gpiochip4", 17, false});
  CHECK(config.start == StartMode::live);
  CHECK(config.geometry.inputs == 8);
  CHECK(config.geometry.buses == 4);
  CHECK(config.osc == OscConfig{"192.168.1.5", 9100, 1 << 20});
  CHECK(config.audio.client == "desk");
  CHECK(config.audio.server_name() == "rack");
  CHECK(config.audio.connect == std::vector<ConnectRule>{{"a:b", "in_1", 0}});
  CHECK(config.state_folder == "/mnt/mix");
  CHECK(config.recorder.format == RecordFormat::float32);
  CHECK(config.recorder.reserve_bytes == 4'000'000);
  CHECK(config.render_rate_hz == 96000);
}

TEST_CASE("config: all mistakes are reported at once, each with its line, column and what is allowed",
          "[daemon][config]") {
  const auto errors = errors_of("[geometry]\ninputs = 0\nbusses = 4\n[osc]\nport = \"nine\"\n");
  REQUIRE(errors.size() == 3);
  CHECK(errors[0] ==
        "x.toml:2:10: `inputs` in [geometry] must be a whole number from 1 to 128 (JACK inputs, each with a "
        "channel strip), not 0");
  CHECK(errors[1] == "x.toml:3:1: there is no `busses` in [geometry]; allowed: inputs, buses or effects");
  CHECK(errors[2] ==
        "x.toml:5:8: `port` in [osc] must be a whole number from 1 to 65535 (the UDP port that clients send "
        "to), not the text \"nine\"");
}

TEST_CASE("config: mistakes come in the order of their lines, whatever the order of the tables", "[daemon][config]") {
  const auto errors =
      errors_of("nonsense = 1\n[recorder]\nx = 1\n[osc]\ny = 2\nport = 0\n[desk]\nz = 1\n[geometry]\nq = 1\n");
  REQUIRE(errors.size() == 6);
  int line = 0;
  for (const std::string& error : errors) {
    const int next = std::stoi(error.substr(std::string("x.toml:").size()));
    CHECK(next > line);
    line = next;
  }
}

TEST_CASE("config: bounds of the geometry are inside, their neighbours outside", "[daemon][config]") {
  CHECK(errors_of("[geometry]\ninputs = 1\nbuses = 0").empty());
  CHECK(errors_of("[geometry]\ninputs = 128\nbuses = 64").empty());
  CHECK(errors_of("[geometry]\ninputs = 129\nbuses = 65").size() == 2);
  CHECK(errors_of("[geometry]\ninputs = -1\nbuses = -1").size() == 2);
}

TEST_CASE("config: a reserve that the recorder could write full before it looks again is refused with the reason",
          "[daemon][config]") {
  for (const char* bytes : {"0", "-1", "3999999"}) {
    CAPTURE(bytes);
    const auto errors = errors_of("[recorder]\nreserve_bytes = " + std::string(bytes));
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].find("from 4000000") != std::string::npos);
    CHECK(errors[0].find("looks every 2 s") != std::string::npos);
  }
}

TEST_CASE("config: text that is not TOML is refused with its place", "[daemon][config]") {
  const auto errors = errors_of("[desk]\nname = \"open\n");
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].starts_with("x.toml:2:"));
  CHECK(errors[0].find("not TOML") != std::string::npos);
}

TEST_CASE("config: letters beyond a to z outside quotes are refused with their place, inside they are fine",
          "[daemon][config]") {
  // Undefined behaviour in toml++ 3.3, were they to reach it.
  for (const char* text : {"\xEF\xBA\xBF[", "[desk]\nn\xC3\xA9 = 1", "[desk]\nname = \xC3\xA9",
                           "[desk]\nname = \"a\"\xC3\xA9", "[desk]\nname = \"\"\"a\\\n  \xC3\xA9\"\"\""}) {
    CAPTURE(text);
    const ConfigResult result = parse_config(text, "f.toml");
    REQUIRE(result.errors.size() == 1);
    CHECK(result.errors[0].line == 1 + std::count(text, text + std::strlen(text), '\n'));
    CHECK_THAT(result.errors[0].text, Contains("plain letter"));
  }
  const std::string fine =
      "\xEF\xBB\xBF# \xC3\xA9\n[desk] # \xC3\xA9\nname = \"\"\"a\"\\\"\xC3\xA9\"\"\"\"\" # \xC3\xA9 '\n[state]\nfolder "
      "= '\xC3\xA9\\'";
  const ConfigResult result = parse_config(fine, "f.toml");
  for (const ConfigError& error : result.errors) UNSCOPED_INFO(error.to_string());
  REQUIRE(result.errors.empty());
  CHECK(result.config.desk == "a\"\"\xC3\xA9\"\"");
  CHECK(result.config.state_folder == "\xC3\xA9\\");
}

TEST_CASE("config: a quote in the middle of a name or a value is refused with its place", "[daemon][config]") {
  // toml++ 3.3 takes what follows for more of the value: undefined behaviour with a letter such as \xC3\xA9.
  for (const char* text :
       {"format = 0U0\"\xC8\xAE\"", "a = 1\"\xC3\xA9\"", "a = 1.\"\xC3\xA9\"", "a = tru'\xC3\xA9'", "a = +\"\xC3\xA9\"",
        "a = -'\xC3\xA9'", "a = 0x'\xC3\xA9'", "a = [1, 2\"\xC3\xA9\"]", "a = [1, 2.'\xC3\xA9']",
        "a = {b = 1\"\xC3\xA9\"}", "a = {b = 1, c\"\xC3\xA9\" = 2}", "a\"\xC3\xA9\" = 1", "[a\"\xC3\xA9\"]",
        "a = \"b\"\"\xC3\xA9\"", "a = [1]\"\xC3\xA9\"", "a = 1_\"\xC3\xA9\"", "a = 1e\"\xC3\xA9\"",
        "a = inf\"\"\"\xC3\xA9\"\"\"", "a = [\n 1'\xC3\xA9',\n]"}) {
    CAPTURE(text);
    const ConfigResult result = parse_config(text, "f.toml");
    REQUIRE(result.errors.size() == 1);
    CHECK_THAT(result.errors[0].text, Contains("a quote may not stand in the middle"));
    const std::string_view before = std::string_view(text).substr(0, std::string_view(text).find('\xC3'));
    CHECK(result.errors[0].line == 1 + std::count(before.begin(), before.end(), '\n'));
  }
  // Where a text may begin it is one.
  for (const char* text :
       {"\"\xC3\xA9\" = 1", "a.\"\xC3\xA9\" = 1", "a . '\xC3\xA9' = 1", "[a.\"\xC3\xA9\"]", "[[\"\xC3\xA9\".b]]",
        "a = [\"\xC3\xA9\",'\xC3\xA9']", "a = {\"\xC3\xA9\" = 1, b.'\xC3\xA9'.c = [{'\xC3\xA9' = 2}]}",
        "a=\"\xC3\xA9\"", "a=[\n\"\xC3\xA9\"\n]\n'\xC3\xA9'.b=1", "a = [[1.5], ['\xC3\xA9']]\nb.\"\xC3\xA9\" = 1"}) {
    CAPTURE(text);
    for (const ConfigError& error : parse_config(text, "f.toml").errors) {
      CHECK_THAT(error.text, !Contains("not TOML"));
    }
  }
}

TEST_CASE("config: what toml++ cannot take in the middle of a value or a text is refused with its place",
          "[daemon][config]") {
  const std::pair<const char*, const char*> wrong[] = {
      {"a = 1[\"\"\"\xC3\xA9\"\"\"]", "a bracket may not stand in the middle"},
      {"a = true{\"\xC3\xA9\" = 1}", "a bracket may not stand in the middle"},
      {"a = [1[\"\xC3\xA9\"]]", "a bracket may not stand in the middle"},
      {"a = 0b=\"\xC3\xA9\"", "a second ="},
      {"a = = \"\xC3\xA9\"", "a second ="},
      {"a = \"\\\xC3\xA9\"", "only a plain letter"},
      {"a = \"\"\"b\\\xC3\xA9\"\"\"", "only a plain letter"},
      {"a = 1979-05-27T\"\xC3\xA9\"", "dates and times have no place"},
      {"a = 1979-05-27 7\n", "dates and times have no place"},
      {"a = 07:32:00", "outside quotes"},
      {"a = [1979-05-27T07:3]", "dates and times have no place"}};
  for (const auto& [text, what] : wrong) {
    CAPTURE(text);
    const ConfigResult result = parse_config(text, "f.toml");
    REQUIRE(result.errors.size() == 1);
    CHECK_THAT(result.errors[0].text, Contains(what));
    CHECK(result.errors[0].line == 1);
    CHECK(result.errors[0].column > 4);
  }
  for (const char* text : {"a-1 = 1", "1-2-3 = 1", "a = 1e-5", "a = -1", "a = [-1, +2.5e-3]", "a = 'x=y'",
                           "a = {b-1 = 1}", "a = 'C:\\\xC3\xA9'", "a = [[1], [{b = 2}]]"}) {
    CAPTURE(text);
    for (const ConfigError& error : parse_config(text, "f.toml").errors) CHECK_THAT(error.text, !Contains("not TOML"));
  }
}

TEST_CASE("config: a table's name must begin as a name does, wherever a table may begin", "[daemon][config]") {
  for (const char* text :
       {"[$x]", "  [[ +x]]", "[.x]", "[osc]\nport = 9000\n\t[=]", "x = [[1], [2]]\n[{", "x = 1\n[\n"}) {
    CAPTURE(text);
    const ConfigResult result = parse_config(text, "f.toml");
    REQUIRE(!result.errors.empty());
    const std::string_view view = text;
    CHECK(result.errors.back().line == 1 + std::count(view.begin(), view.begin() + view.find_last_of("[$+.={"), '\n'));
    CHECK_THAT(result.errors.back().text, Contains("must begin with") || Contains("outside quotes"));
  }
  // Lists may begin with anything that TOML has.
  CHECK_THAT(parse_config("x = [\n [+1, -1], [{}], [.5]]", "f.toml").errors[0].text, !Contains("must begin"));
}

TEST_CASE("config: a value that is missing is told with its place, an empty list or table is none",
          "[daemon][config]") {
  for (const char* text :
       {"x = }", "x = ", "x = # 1", "x = [1,, 2]", "x = [{}, }]", "x = [,]", "x = {a = }", "x = {a = 1,}"}) {
    CAPTURE(text);
    const std::vector<std::string> errors = errors_of(std::string(text) + "\n");
    REQUIRE(errors.size() == 1);
    CHECK_THAT(errors[0], StartsWith("x.toml:1:") && Contains("a value is missing here"));
  }
  CHECK_THAT(errors_of("x = [ # 1\n, 2]").at(0), StartsWith("x.toml:2:1: ") && Contains("a value is missing here"));
  for (const char* text : {"x = []", "x = {}", "x = [\n  1, # one\n  [], {},\n]", "x = \"=\"\ny = ','"}) {
    CAPTURE(text);
    CHECK_THAT(errors_of(text).at(0), Contains("there is no `x`"));
  }
}

TEST_CASE("config: text with a zero character, where other programs see its end, is refused", "[daemon][config]") {
  CHECK_THAT(errors_of("[osc]\naddress = \"0.0.0.0\\u0000x\"").at(0),
             StartsWith("x.toml:2:11: `address` in [osc] may not hold the character \\u0000"));
  CHECK(errors_of("[state]\nfolder = \"/a\\u0000b\"").size() == 1);
}

TEST_CASE("config: neither a name of very many parts nor a file without an end stops the program", "[daemon][config]") {
  std::string name = "a";
  for (int i = 0; i < 200'000; ++i) name += ".a";
  for (const std::string& text : {name + " = 1", "[" + name + "]", "a = {" + name + " = 1}"}) {
    const ConfigResult result = parse_config(text, "f.toml");
    REQUIRE(result.errors.size() == 1);
    CHECK_THAT(result.errors[0].to_string(), StartsWith("f.toml:1:") && Contains("at most 33 parts"));
  }
  CHECK(load_config("/dev/zero").errors.at(0).to_string() ==
        "/dev/zero: this is a device, not a regular file; a regular file (configuration) is wanted");
}

TEST_CASE("config: folders and missing files are named, not read", "[daemon][config]") {
  CHECK(load_config("/nowhere/fohd.toml").errors.at(0).to_string() ==
        "/nowhere/fohd.toml: there is no such configuration file");
  CHECK(load_config("/tmp").errors.at(0).text.find("folder") != std::string::npos);
}

TEST_CASE("config: each shipped example is accepted and each broken one refused with a line", "[daemon][config]") {
  int good = 0, broken = 0;
  for (const auto& entry : fs::directory_iterator(FOHD_SOURCE_DIR "/configs")) {
    if (entry.path().extension() != ".toml") continue;
    ++good;
    for (const ConfigError& error : load_config(entry.path()).errors) FAIL_CHECK(error.to_string());
  }
  for (const auto& entry : fs::directory_iterator(FOHD_SOURCE_DIR "/tests/configs")) {
    ++broken;
    INFO(entry.path().string());
    const ConfigResult result = load_config(entry.path());
    REQUIRE_FALSE(result.errors.empty());
    for (const ConfigError& error : result.errors) CHECK(error.line > 0);
  }
  CHECK(good >= 5);
  CHECK(broken >= 5);
}

TEST_CASE("connect rules: {n} counts through our ports, an offset shifts one side", "[daemon][config]") {
  const Geometry desk{.inputs = 3, .buses = 2};
  std::string error;
  CHECK(expand(ConnectRule{"system:capture_{n}", "in_{n}", 0}, desk, error) ==
        PortPairs{{"system:capture_1", "in_1"}, {"system:capture_2", "in_2"}, {"system:capture_3", "in_3"}});
  CHECK(expand(ConnectRule{"bus_{n}", "system:playback_{n+2}", 0}, desk, error) ==
        PortPairs{{"bus_1", "system:playback_3"}, {"bus_2", "system:playback_4"}});
  CHECK(expand(ConnectRule{"box:{n+8}", "in_{n+1}", 2}, desk, error) ==
        PortPairs{{"box:9", "in_2"}, {"box:10", "in_3"}});
  CHECK(expand(ConnectRule{"box:{n}", "in_{n-8}", 0}, desk, error) ==
        PortPairs{{"box:9", "in_1"}, {"box:10", "in_2"}, {"box:11", "in_3"}});
  CHECK(expand(ConnectRule{"main_l", "system:playback_1", 0}, desk, error) ==
        PortPairs{{"main_l", "system:playback_1"}});
  CHECK(error.empty());
}

TEST_CASE("connect rules: a rule that can connect nothing says why", "[daemon][config]") {
  const Geometry desk{.inputs = 2, .buses = 1};
  const auto why = [&](const ConnectRule& rule) {
    std::string error;
    CHECK(expand(rule, desk, error).empty());
    return error;
  };
  CHECK(why({"system:capture_3", "in_3", 0}).find("no input \"in_3\"; it has in_1 to in_2") != std::string::npos);
  CHECK(why({"in_1", "system:playback_1", 0}).find("no output \"in_1\"") != std::string::npos);
  CHECK(why({"system:capture_{n}", "in_{n}", 3}).find("in_3") != std::string::npos);
  CHECK(why({"a:b_{n}", "in_1", 0}).find("neither") != std::string::npos);
  CHECK(why({"a:b", "c:d", 0}).find("must be a port of ours") != std::string::npos);
  CHECK(why({"main_l", "in_1", 0}).find("must be a port of ours") != std::string::npos);
  CHECK(why({"a:{m}", "in_{n}", 0}).find("is not a port") != std::string::npos);
  CHECK(why({"a:{n", "in_{n}", 0}).find("is not a port") != std::string::npos);
  CHECK(why({"a:{n+}", "in_{n}", 0}).find("is not a port") != std::string::npos);
}

TEST_CASE("config: connections made by hand are remembered unless it says otherwise", "[daemon][config]") {
  CHECK(parse_config("[audio]\n", "x.toml").config.audio.remember);
  CHECK_FALSE(parse_config("[audio]\nremember = false\n", "x.toml").config.audio.remember);
  CHECK(errors_of("[audio]\nremember = \"no\"\n").size() == 1);
}

TEST_CASE("config: a list of numbers says what it may hold", "[daemon][config]") {
  CHECK(parse_config("[audio]\ncpus = 3\n", "x.toml").config.audio.cpus == std::vector<int>{3});
  CHECK(
      errors_of("[audio]\ncpus = [1, -1]\n") ==
      std::vector<std::string>{"x.toml:2:8: `cpus` in [audio] must be a list of whole numbers from 0 to 1023 (the CPUs "
                               "that the audio thread has for itself)"});
  CHECK(errors_of("[audio]\ncpus = \"all\"\n").size() == 1);
}
