#include "control/console/console.h"

namespace fohd {

Console::Console(const Geometry& geometry) : desk_(geometry) {}

void Console::set_hold(bool held) {
  hold_ = held;
  if (designer_) designer_->set_hold(held);
}

void Console::set_shutdown(bool shutting_down) {
  shutdown_ = shutting_down;
  if (designer_) designer_->set_shutdown(shutting_down);
}

void Console::set_load_reduction(LoadReduction load_reduction) {
  load_reduction_ = load_reduction;
  if (designer_) designer_->set_load_reduction(load_reduction);
}

void Console::begin(Engine& engine, double rate_hz) {
  engine_ = &engine;
  designer_ = std::make_unique<TargetDesigner>(desk_, rate_hz);
  set_hold(hold_);
  set_shutdown(shutdown_);
  set_load_reduction(load_reduction_);
  designer_->update();
}

void Console::begin_audio(Engine& engine, Latest<DeskTargets>& targets, double rate_hz) {
  begin(engine, rate_hz);
  latest_ = &targets;
  designer_->publish(engine, targets);
  set_time(now_ms_);
}

void Console::begin_audio(Engine& engine, double rate_hz) {
  begin(engine, rate_hz);
  latest_ = nullptr;
  designer_->give(engine);
  engine.settle();
  set_time(now_ms_);
}

void Console::end_audio() {
  designer_.reset();
  engine_ = nullptr;
  latest_ = nullptr;
  desk_.journal().new_engine();
  set_time(now_ms_);
}

void Console::turn(std::int64_t now_ms) {
  if (designer_) {
    if (!designer_->update(latest_ != nullptr && latest_->unread())) {
      designer_->collect(*engine_);
    } else if (latest_ != nullptr) {
      designer_->publish(*engine_, *latest_);
    } else {
      designer_->give(*engine_);
    }
  }
  set_time(now_ms);
}

void Console::set_time(std::int64_t now_ms) {
  now_ms_ = now_ms;
  desk_.set_time(now_ms, designer_ ? designer_->targets().publication + 1 : 0);
}

void Console::kill_effect(int slot) {
  if (designer_) designer_->kill_effect(slot);
}

}  // namespace fohd
