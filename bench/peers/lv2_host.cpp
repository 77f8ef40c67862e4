// A small LV2 host for comparisons: loads a plugin from the system, sets its dials, and either times it or sends a file
// through it. Plugins are loaded while it runs; nothing of theirs is part of fohd.
//
//   bench_lv2_host cost URI rate_hz frames blocks instances [symbol=value ...]   prints ns per instance and frame
//   bench_lv2_host render URI in.wav out.wav [symbol=value ...]                   mono files feed both sides of a
//   stereo
//                                                                                plugin; prints its latency
#include <lilv/lilv.h>
#include <lv2/atom/atom.h>
#include <lv2/buf-size/buf-size.h>
#include <lv2/options/options.h>
#include <lv2/urid/urid.h>
#include <sndfile.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

std::map<std::string, LV2_URID> the_urids;
LV2_URID map_uri(LV2_URID_Map_Handle, const char* uri) {
  return the_urids.try_emplace(uri, static_cast<LV2_URID>(the_urids.size() + 1)).first->second;
}
const char* unmap_uri(LV2_URID_Unmap_Handle, LV2_URID urid) {
  for (const auto& [uri, number] : the_urids) {
    if (number == urid) return uri.c_str();
  }
  return nullptr;
}

/// The host features that plugins may require, as far as these do.
class Features {
 public:
  Features(double rate_hz, int frames) : rate_(static_cast<float>(rate_hz)), frames_(frames) {
    const LV2_URID int_type = map_uri(nullptr, LV2_ATOM__Int), float_type = map_uri(nullptr, LV2_ATOM__Float);
    const auto add_int = [&](const char* key) {
      options_.push_back({LV2_OPTIONS_INSTANCE, 0, map_uri(nullptr, key), sizeof(std::int32_t), int_type, &frames_});
    };
    add_int(LV2_BUF_SIZE__minBlockLength), add_int(LV2_BUF_SIZE__maxBlockLength);
    add_int(LV2_BUF_SIZE__nominalBlockLength);
    options_.push_back({LV2_OPTIONS_INSTANCE, 0, map_uri(nullptr, "http://lv2plug.in/ns/ext/parameters#sampleRate"),
                        sizeof(float), float_type, &rate_});
    options_.push_back({LV2_OPTIONS_INSTANCE, 0, 0, 0, 0, nullptr});
    features_ = {{LV2_URID__map, &map_},
                 {LV2_URID__unmap, &unmap_},
                 {LV2_OPTIONS__options, options_.data()},
                 {LV2_BUF_SIZE__boundedBlockLength, nullptr}};
    for (const LV2_Feature& feature : features_) pointers_.push_back(&feature);
    pointers_.push_back(nullptr);
  }
  Features(const Features&) = delete;
  Features& operator=(const Features&) = delete;
  const LV2_Feature* const* list() const { return pointers_.data(); }

 private:
  float rate_;
  std::int32_t frames_;
  LV2_URID_Map map_{nullptr, map_uri};
  LV2_URID_Unmap unmap_{nullptr, unmap_uri};
  std::vector<LV2_Options_Option> options_;
  std::vector<LV2_Feature> features_;
  std::vector<const LV2_Feature*> pointers_;
};

struct World {
  World() { lilv_world_load_all(world); }
  ~World() { lilv_world_free(world); }
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  const LilvPlugin* find(const std::string& uri) const {
    LilvNode* node = lilv_new_uri(world, uri.c_str());
    const LilvPlugin* plugin = lilv_plugins_get_by_uri(lilv_world_get_all_plugins(world), node);
    lilv_node_free(node);
    if (plugin == nullptr) throw std::runtime_error("no plugin " + uri + "; is its package installed?");
    return plugin;
  }
  LilvWorld* world = lilv_world_new();
};

class Plugin {
 public:
  Plugin(const World& world, const LilvPlugin* plugin, double rate_hz, int frames,
         const std::map<std::string, float>& dials)
      : features_(rate_hz, frames) {
    instance_ = lilv_plugin_instantiate(plugin, rate_hz, features_.list());
    if (instance_ == nullptr) throw std::runtime_error("the plugin does not start");
    const std::uint32_t ports = lilv_plugin_get_num_ports(plugin);
    controls_.resize(ports);
    lilv_plugin_get_port_ranges_float(plugin, nullptr, nullptr, controls_.data());
    LilvNode* const audio = lilv_new_uri(world.world, LILV_URI_AUDIO_PORT);
    LilvNode* const control = lilv_new_uri(world.world, LILV_URI_CONTROL_PORT);
    LilvNode* const input = lilv_new_uri(world.world, LILV_URI_INPUT_PORT);
    std::map<std::string, float> left = dials;
    for (std::uint32_t index = 0; index < ports; ++index) {
      const LilvPort* port = lilv_plugin_get_port_by_index(plugin, index);
      const bool is_input = lilv_port_is_a(plugin, port, input);
      if (lilv_port_is_a(plugin, port, audio)) {
        auto& buffers = is_input ? inputs_ : outputs_;
        buffers.push_back(std::make_unique<std::vector<float>>(static_cast<std::size_t>(frames)));
        lilv_instance_connect_port(instance_, index, buffers.back()->data());
      } else if (lilv_port_is_a(plugin, port, control)) {
        const std::string symbol = lilv_node_as_string(lilv_port_get_symbol(plugin, port));
        if (controls_[index] != controls_[index]) controls_[index] = 0;  // no default
        if (const auto dial = left.find(symbol); dial != left.end()) controls_[index] = dial->second, left.erase(dial);
        if (!is_input && symbol.find("latency") != std::string::npos) latency_ = static_cast<int>(index);
        lilv_instance_connect_port(instance_, index, &controls_[index]);
      } else {
        connect_events(index, is_input);
      }
    }
    lilv_node_free(audio), lilv_node_free(control), lilv_node_free(input);
    if (!left.empty()) throw std::runtime_error("the plugin has no dial " + left.begin()->first);
    lilv_instance_activate(instance_);
  }
  ~Plugin() { lilv_instance_free(instance_); }
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

  void run(int frames) {
    for (auto& events : events_) {
      auto* sequence = reinterpret_cast<LV2_Atom_Sequence*>(events->bytes.data());
      sequence->atom.type = map_uri(nullptr, events->is_input ? LV2_ATOM__Sequence : LV2_ATOM__Chunk);
      sequence->atom.size = static_cast<std::uint32_t>(events->is_input ? sizeof(LV2_Atom_Sequence_Body)
                                                                        : events->bytes.size() - sizeof(LV2_Atom));
      sequence->body = {0, 0};
    }
    lilv_instance_run(instance_, static_cast<std::uint32_t>(frames));
  }
  std::size_t inputs() const { return inputs_.size(); }
  std::size_t outputs() const { return outputs_.size(); }
  float* input(std::size_t i) { return inputs_[i]->data(); }
  const float* output(std::size_t i) const { return outputs_[i]->data(); }
  int latency_frames() const {
    return latency_ < 0 ? 0 : static_cast<int>(controls_[static_cast<std::size_t>(latency_)]);
  }

 private:
  struct Events {
    bool is_input = false;
    alignas(8) std::vector<unsigned char> bytes = std::vector<unsigned char>(65'536);
  };
  void connect_events(std::uint32_t index, bool is_input) {
    events_.push_back(std::make_unique<Events>());
    events_.back()->is_input = is_input;
    lilv_instance_connect_port(instance_, index, events_.back()->bytes.data());
  }
  Features features_;
  LilvInstance* instance_ = nullptr;
  std::vector<float> controls_;
  std::vector<std::unique_ptr<std::vector<float>>> inputs_, outputs_;
  std::vector<std::unique_ptr<Events>> events_;
  int latency_ = -1;
};

std::map<std::string, float> read_dials(char** begin, char** end) {
  std::map<std::string, float> dials;
  for (; begin != end; ++begin) {
    const std::string text = *begin;
    const std::size_t mark = text.find('=');
    if (mark == std::string::npos) throw std::runtime_error("expected symbol=value, got " + text);
    dials[text.substr(0, mark)] = std::strtof(text.c_str() + mark + 1, nullptr);
  }
  return dials;
}

void cost(const std::string& uri, double rate_hz, int frames, int blocks, int instances,
          const std::map<std::string, float>& dials) {
  const World world;
  const LilvPlugin* plugin = world.find(uri);
  std::vector<std::unique_ptr<Plugin>> all;
  std::mt19937 random(1);
  std::uniform_real_distribution<float> noise(-0.5f, 0.5f);
  for (int i = 0; i < instances; ++i) {
    all.push_back(std::make_unique<Plugin>(world, plugin, rate_hz, frames, dials));
    for (std::size_t port = 0; port < all.back()->inputs(); ++port) {
      for (int frame = 0; frame < frames; ++frame) all.back()->input(port)[frame] = noise(random);
    }
  }
  const auto run = [&](int count) {
    for (int block = 0; block < count; ++block) {
      for (auto& one : all) one->run(frames);
    }
  };
  run(std::max(blocks / 10, 10));
  const auto begin = std::chrono::steady_clock::now();
  run(blocks);
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
  std::printf("%.3f\n", took.count() / blocks / frames / instances);
}

void render(const std::string& uri, const char* in, const char* out, const std::map<std::string, float>& dials) {
  constexpr int kFrames = 64;
  SF_INFO info{};
  SNDFILE* source = sf_open(in, SFM_READ, &info);
  if (source == nullptr) throw std::runtime_error(std::string(in) + ": " + sf_strerror(nullptr));
  const World world;
  Plugin plugin(world, world.find(uri), info.samplerate, kFrames, dials);
  SF_INFO target{};
  target.samplerate = info.samplerate, target.channels = static_cast<int>(plugin.outputs());
  target.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT;
  SNDFILE* sink = sf_open(out, SFM_WRITE, &target);
  if (sink == nullptr) throw std::runtime_error(std::string(out) + ": " + sf_strerror(nullptr));
  const auto sides = static_cast<std::size_t>(info.channels);
  std::vector<float> read(kFrames * sides), write(kFrames * plugin.outputs());
  for (;;) {
    const auto got = static_cast<std::size_t>(sf_readf_float(source, read.data(), kFrames));
    if (got == 0) break;
    for (std::size_t port = 0; port < plugin.inputs(); ++port) {
      for (std::size_t i = 0; i < kFrames; ++i) {
        plugin.input(port)[i] = i < got ? read[i * sides + std::min(port, sides - 1)] : 0.0f;
      }
    }
    plugin.run(kFrames);
    for (std::size_t i = 0; i < got; ++i) {
      for (std::size_t port = 0; port < plugin.outputs(); ++port)
        write[i * plugin.outputs() + port] = plugin.output(port)[i];
    }
    sf_writef_float(sink, write.data(), static_cast<sf_count_t>(got));
  }
  sf_close(source), sf_close(sink);
  std::printf("latency %d frames\n", plugin.latency_frames());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  try {
    if (what == "cost" && argc >= 7) {
      cost(argv[2], std::atof(argv[3]), std::atoi(argv[4]), std::atoi(argv[5]), std::atoi(argv[6]),
           read_dials(argv + 7, argv + argc));
      return 0;
    }
    if (what == "render" && argc >= 5) {
      render(argv[2], argv[3], argv[4], read_dials(argv + 5, argv + argc));
      return 0;
    }
    std::fprintf(stderr, "usage: see the head of bench/peers/lv2_host.cpp\n");
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "bench_lv2_host: %s\n", problem.what());
  }
  return 1;
}
