// One device: its controls, what they stand for at the moment, what it was sent. In: bytes and the time; out: changes
// of the desk and bytes. Units of one surface share a view.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/commands/commands.h"
#include "control/desk/desk.h"
#include "control/midi/midi_out.h"
#include "control/midi/midi_profile.h"
#include "control/midi/surface_display.h"
#include "control/midi/surface_view.h"
#include "control/parameters/taper.h"
#include "control/readouts/readouts.h"
#include "engine/tile/meter_frame.h"

namespace fohd {

/// [any] "90 3C 7F", at most 24 bytes of it.
std::string midi_hex(MidiBytes bytes);

/// What the time displays show; control/ has no clock of its own.
struct SurfaceClock {
  int hours = 0, minutes = 0, seconds = 0;  ///< local time
};

/// What a unit needs of the context; all of it outlives the unit.
struct MidiContext {
  Desk& desk;
  DeskStatus& status;
  CommandSink& commands;
  const ReadoutTable& readouts;
  SurfaceClock clock = {};
  /// Takes a line for the clients that watch; empty while there are none.
  std::function<void(const std::string&)> monitor = {};
};

/// [control]
class MidiUnit {
 public:
  /// Bytes sent in one turn of 20 ms at most: 7.5 kB/s, which USB devices take without pause; the rest waits and is
  /// brought up to date meanwhile.
  static constexpr std::size_t kBytesPerTurn = 150;
  /// Faders of a device that comes back start one after the other: the power supply never drives all motors at once.
  static constexpr std::int64_t kStaggerMs = 30;

  /// name: for people, "x-touch 2". first_column: where its columns begin in the view.
  MidiUnit(MidiContext& context, std::uint64_t client, std::string name, MidiProfile profile, SurfaceView& view,
           int first_column);
  MidiUnit(const MidiUnit&) = delete;
  MidiUnit& operator=(const MidiUnit&) = delete;

  /// Begins the handshake. The device is painted when it answers, or soon.
  void connect(std::int64_t now_ms);
  /// Call it before the device is released.
  void say_goodbye();
  void receive(MidiBytes bytes, std::int64_t now_ms);
  /// It was pulled: what a hand held down is released.
  void let_go();
  /// desk_changed: something of the desk changed since the last turn.
  void turn(std::int64_t now_ms, bool desk_changed);
  /// The desk changed while there was no turn.
  void note_change(bool desk_changed) noexcept { look_ = look_ || desk_changed; }
  void meters(const MeterFrame& frame);
  MidiOut& out() noexcept { return out_; }

  /// Replaces what a control does, or adds one: MIDI learn.
  void learn(const MidiControlSpec& spec);
  /// Back to what the profile says.
  void forget(const MidiSource& message);
  bool is_touch(const MidiSource& source) const;
  /// The control that sends this message, if the device is known to have one.
  const MidiControlSpec* find_control(const MidiSource& source) const;
  /// A listener that takes events away from the controls while it returns true; null: none.
  std::function<bool(const MidiEvent&)> on_event;

  const std::string& name() const noexcept { return name_; }
  const MidiProfile& profile() const noexcept { return profile_; }
  bool online() const noexcept { return online_; }
  /// One line for each control: name, message, what it does, what that is now.
  void list(std::vector<std::string>& lines) const;

 private:
  struct Control {
    MidiControlSpec spec;
    std::optional<ParameterId> parameter;
    std::optional<ReadoutId> readout;
    std::optional<CommandCall> command;
    TaperRange range;
    MotorFader motor;
    Takeover takeover;
    EncoderSpeed speed;
    bool must_pick_up = false;        ///< a motor fader that got another parameter under a hand
    std::int64_t shown_until_ms = 0;  ///< its value stands on the display
    std::optional<ParameterId> held;  ///< what a momentary button keeps on
    int led_sent = -1, ring_sent = -1;
  };
  struct Place {
    std::size_t control = 0;
    bool is_touch = false;
  };

  void add_control(MidiControlSpec spec);
  void index_controls();
  /// Finds anew what every control stands for.
  void resolve(std::int64_t now_ms);
  void resolve(Control& control);

  // midi_unit_in.cpp
  void take_message(MidiBytes message, std::int64_t now_ms);
  void take_exclusive(MidiBytes message, std::int64_t now_ms);
  void heard(std::int64_t now_ms);
  void follow_motors(const MidiEvent& event, std::int64_t now_ms);
  void take_event(const MidiEvent& event, std::int64_t now_ms);
  void move_absolute(Control& control, int value, std::int64_t now_ms);
  void turn_encoder(Control& control, int value, std::int64_t now_ms);
  void release(Control& control);
  void press(Control& control, int value, std::int64_t now_ms);
  void press_parameter(Control& control, int value, bool pressed);
  std::string set(Control& control, const Value& value);

  // midi_unit_out.cpp
  void look_after(std::int64_t now_ms);
  void greet(std::int64_t now_ms);
  void repaint(std::int64_t now_ms);
  bool paint_faders(std::int64_t now_ms);
  void paint_leds();
  bool paint_led(Control& control);
  void paint_texts(std::int64_t now_ms);
  void paint_clock();
  int wanted_led(const Control& control) const;
  int wanted_ring(const Control& control) const;
  std::string value_text(ParameterId id) const;
  std::string name_of(StripRef strip) const;
  std::string parameter_name(ParameterId id) const;
  double position(const Control& control) const;
  std::string what_it_is(const Control& control) const;
  void tell(const Control& control, const std::string& what) const;
  void exclusive(std::uint8_t command);

  MidiContext& context_;
  std::uint64_t client_;
  std::string name_;
  MidiProfile profile_;
  SurfaceView& view_;
  int first_column_;
  MidiParser parser_;
  MidiDecoder decoder_;
  SurfaceDisplay display_;
  std::vector<Control> controls_;
  std::multimap<MidiSource, Place> places_;
  std::uint64_t resolved_revision_ = 0;
  MidiOut out_;

  bool online_ = false, answers_ = false, must_paint_ = false;
  std::int64_t connected_ms_ = 0, heard_ms_ = 0, asked_ms_ = 0;
  bool asked_ = false;
  std::size_t next_painted_ = 0;  ///< where LEDs go on when a turn's bytes were used up
  bool look_ = true;              ///< something may have changed since LEDs and texts were compared
  std::int64_t looked_ms_ = 0;
};

}  // namespace fohd
