"""The sensors for Rivya."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from airflow_provider_rivya.hooks.rivya import RivyaHook
from airflow_provider_rivya.links.rivya import RivyaGalleryLink, RivyaResultLink
from airflow_provider_rivya.operators.arguments import IfExists, SensorArguments, Templated
from airflow_provider_rivya.sensors.base import GenerationSensor
from airflow_provider_rivya.sensors.credits import CreditsSensor
from airflow_provider_rivya.triggers.rivya import RivyaTaskTrigger

if TYPE_CHECKING:
    from airflow_provider_rivya.media.verify import Verify


class RivyaTaskSensor(GenerationSensor):
    """
    Wait for a generation that something else submitted, and return its result.

    It never submits and never pays. With ``deferrable=True`` it waits in the triggerer, together with
    everything else that waits on the connection; otherwise it looks every ``poke_interval`` seconds,
    in ``mode="poke"`` or ``mode="reschedule"``.

    * **An unknown id** is waited for a minute, as it may have been submitted a moment ago; then the
      task fails without retry.
    * **A failed generation** fails the task without retry: the gateway's result is final.
    * **A timeout** fails the task without retry, as with every sensor; the generation goes on.
    * **A retry, a clear, a kill** change nothing at the gateway.
    * ``soft_fail`` and ``never_fail`` turn each of these into a skip.

    :param generation_id: the gateway's task id. Templated.
    :param output_path: where the files are stored: a folder (``s3://bucket/prefix/``, ``file:///data/``) or
        one file name; without it the result has only the URLs. Templated.
    :param output_conn_id: Airflow connection for ``output_path``. Templated.
    :param if_exists: ``overwrite``, ``fail`` or ``skip`` for a file of the final name.
    :param verify: as the generate operator's.
    :param rivya_conn_id: Airflow connection of type ``rivya``, of the account that submitted;
        default ``rivya_default``. Templated.
    :param deferrable: wait in the triggerer, where the connection's ``poll_*`` fields say how often to
        look; default ``[operators] default_deferrable``.
    :param poke_interval: without ``deferrable``: seconds (or a ``timedelta``) between two polls.
    :param timeout: seconds (or a ``timedelta``) until it gives up; ``execution_timeout`` wins if smaller.
    :raises InvalidRequestError: with every fault of the arguments; nothing was sent.
    :raises GatewayError: the key was refused, or the id is not known.
    :raises GenerationFailedError: it failed at the gateway.
    :raises GenerationTimeoutError: it did not end in time; also an ``AirflowSensorTimeout``.
    :raises OutputError: the result could not be stored; a retry fetches it again.
    :return: a :class:`~airflow_provider_rivya.result.GenerationResult` as a dict (XCom).
    """

    hook_class: ClassVar[type[RivyaHook]] = RivyaHook
    trigger_class: ClassVar[type[RivyaTaskTrigger]] = RivyaTaskTrigger
    template_fields: Sequence[str] = (*GenerationSensor.template_fields, "rivya_conn_id")
    operator_extra_links = (RivyaResultLink(), RivyaGalleryLink())

    def __init__(
        self,
        *,
        generation_id: Templated,
        output_path: Any = None,
        output_conn_id: Templated | None = None,
        if_exists: IfExists = "overwrite",
        verify: Verify = "structure",
        deferrable: bool | None = None,
        poke_interval: timedelta | float = 10,
        timeout: timedelta | float = timedelta(hours=1),
        rivya_conn_id: str = RivyaHook.default_conn_name,
        **kwargs: Unpack[SensorArguments],
    ) -> None:
        super().__init__(
            generation_id=generation_id,
            output_path=output_path,
            output_conn_id=output_conn_id,
            if_exists=if_exists,
            verify=verify,
            deferrable=deferrable,
            poke_interval=poke_interval,
            timeout=timeout,
            **kwargs,
        )
        self.rivya_conn_id = rivya_conn_id

    @property
    def conn_id(self) -> str:
        return self.rivya_conn_id


class RivyaCreditsSensor(CreditsSensor):
    """
    Wait until the account has enough credits, and return the balance.

    Upstream of paid tasks it makes them wait for a top-up instead of failing. It reads the balance
    every ``poke_interval`` seconds, in ``mode="poke"`` or, without a worker slot in between,
    ``mode="reschedule"``; it never pays. Whether credits reserved by running generations are
    already taken off the balance, Rivya's documentation does not say
    (https://rivya.ai/docs/api-credits).

    * **A gateway in trouble** is waited for, within ``timeout``.
    * **A wrong key** fails the task without retry; one that is refused later is waited for ten minutes.
    * **A timeout** fails the task without retry, as with every sensor.
    * ``soft_fail`` and ``never_fail`` turn these into a skip.

    :param min_credits: the least balance, 0 or more. Templated.
    :param rivya_conn_id: Airflow connection of type ``rivya``; default ``rivya_default``. Templated.
    :raises ValueError: ``min_credits`` is neither a number nor a text.
    :raises InvalidRequestError: ``min_credits`` did not render to a number; nothing was sent.
    :raises GatewayError: the key was refused.
    :raises InsufficientCreditsError: not enough in time; also an ``AirflowSensorTimeout``.
    :return: the balance (XCom), a number.
    """

    hook_class: ClassVar[type[RivyaHook]] = RivyaHook
    template_fields: Sequence[str] = (*CreditsSensor.template_fields, "rivya_conn_id")

    def __init__(
        self,
        *,
        min_credits: float | Templated,
        poke_interval: timedelta | float = 60,
        timeout: timedelta | float | None = None,
        rivya_conn_id: str = RivyaHook.default_conn_name,
        **kwargs: Unpack[SensorArguments],
    ) -> None:
        if timeout is not None:  # else as the deployment's configuration says
            kwargs = {**kwargs, "timeout": timeout}  # type: ignore[typeddict-unknown-key]
        super().__init__(min_credits=min_credits, poke_interval=poke_interval, **kwargs)
        self.rivya_conn_id = rivya_conn_id

    @property
    def conn_id(self) -> str:
        return self.rivya_conn_id
