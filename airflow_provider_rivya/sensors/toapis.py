"""The sensors for ToAPIs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Unpack

from airflow_provider_rivya.hooks.toapis import ToApisHook
from airflow_provider_rivya.links.rivya import RivyaGalleryLink, RivyaResultLink
from airflow_provider_rivya.operators.arguments import IfExists, SensorArguments, Templated, check_choices
from airflow_provider_rivya.sensors.base import GenerationSensor
from airflow_provider_rivya.triggers.toapis import ToApisTaskTrigger

if TYPE_CHECKING:
    from airflow_provider_rivya.media.verify import Verify


class ToApisTaskSensor(GenerationSensor):
    """
    Wait for a generation that something else submitted to ToAPIs, and return its result.

    It behaves as :class:`~airflow_provider_rivya.sensors.rivya.RivyaTaskSensor` does, and takes the same
    arguments beside these.

    :param generation_id: the gateway's task id, or the ``client_business_id`` of its creation. Templated.
    :param category: ``image`` or ``video``: ToAPIs keeps the two apart.
    :param toapis_conn_id: Airflow connection of type ``toapis``, of the account that submitted;
        default ``toapis_default``. Templated.
    :return: a :class:`~airflow_provider_rivya.result.GenerationResult` as a dict (XCom).
    """

    hook_class: ClassVar[type[ToApisHook]] = ToApisHook
    trigger_class: ClassVar[type[ToApisTaskTrigger]] = ToApisTaskTrigger
    template_fields: Sequence[str] = (*GenerationSensor.template_fields, "toapis_conn_id")
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
        category: Literal["image", "video"] = "image",
        toapis_conn_id: str = ToApisHook.default_conn_name,
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
        check_choices(category=category)
        self.category = category
        self.toapis_conn_id = toapis_conn_id

    @property
    def conn_id(self) -> str:
        return self.toapis_conn_id
