"""What nets share: the registry, and one person logit from many classes."""

from __future__ import annotations

import pytest
import torch

from limner.errors import OptionError
from limner.nets import NETS, make_net
from limner.nets.base import person_logits


@pytest.mark.parametrize(("classes", "person"), [(2, 0), (2, 1), (21, 15)])
def test_the_person_logit_is_the_softmax_probability(classes: int, person: int) -> None:
    logits = torch.randn(2, classes, 3, 5, generator=torch.Generator().manual_seed(0)) * 4
    alpha = person_logits(logits, person).sigmoid()
    assert alpha.shape == (2, 1, 3, 5)
    torch.testing.assert_close(alpha[:, 0], logits.softmax(1)[:, person])


def test_one_class_is_the_person_already() -> None:
    logits = torch.randn(1, 1, 2, 2)
    assert person_logits(logits) is logits


def test_a_class_that_is_not_there_is_named() -> None:
    with pytest.raises(OptionError, match="person_class: must be between 0 and 1 for 2 classes, not 15"):
        person_logits(torch.zeros(1, 2, 1, 1), 15)


def test_an_unknown_net_or_option_is_named() -> None:
    assert set(NETS) >= {"fast"}
    with pytest.raises(OptionError, match="there is no net 'quallity'; did you mean 'quality'"):
        make_net("quallity")
    with pytest.raises(OptionError, match=r"there is no net 'huge'; the nets are .*fast"):
        make_net("huge")
    with pytest.raises(OptionError, match="net fast has no option 'depth': it has in_channels, width"):
        make_net("fast", depth=3)
