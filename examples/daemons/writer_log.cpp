// SPDX-License-Identifier: BSL-1.0

#include "writer_log.hpp"

namespace daemons {

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

}  // namespace daemons
