// SPDX-License-Identifier: BSL-1.0

#include <clarify/core/detail/text.hpp>

#include "writer_log.hpp"

namespace gateway {

WriterLog::WriterLog(Log& log, const std::string& spool)
    : log_(log),
      reachable_(log, "Clarify cannot be used", "Clarify can be used again", "requests"),
      no_room_(log, "samples are refused", "samples are taken again", "requests"),
      rejected_(log) {
    if (!spool.empty()) rejected_file_.emplace(spool + ".rejected", log);
}

void WriterLog::changed(const clarify::WriterStats& stats) {
    note_damage(stats.damage);
    const std::string why = stats.error ? stats.error->to_string() : std::string{};
    switch (stats.state) {
        case clarify::WriterState::full:
        case clarify::WriterState::damaged:
            return no_room_.failed(
                stats.state == clarify::WriterState::full
                    ? "there is no room; what waits is waiting for: " + why
                    : why);
        case clarify::WriterState::waiting:
            no_room_.succeeded();
            return reachable_.failed(why);
        case clarify::WriterState::ok:
            no_room_.succeeded();
            return reachable_.succeeded();
        case clarify::WriterState::closing:
            return;
    }
}

void WriterLog::rejected(const clarify::RejectedSample& sample) {
    rejected_.happened([&] {
        return "Clarify rejects a sample of " + sample.input + " at " + sample.time.to_string() +
            ": " + clarify::detail::printable(sample.reason, 256);
    });
    if (rejected_file_) rejected_file_->add(sample);
}

void WriterLog::note_damage(const std::vector<clarify::SpoolDamage>& damage) {
    for (; told_damage_ < damage.size(); ++told_damage_) {
        const clarify::SpoolDamage& each = damage[told_damage_];
        std::string text = "a part of the spool is damaged";
        if (!each.file.empty())
            text += "; " + std::to_string(each.bytes) + " bytes are set aside as " + each.file;
        text += each.samples ? "; lost are " + std::to_string(*each.samples) + " samples"
                             : std::string{"; how many samples are lost is unknown"};
        log_.write(Level::error, text);
    }
}

}  // namespace gateway
